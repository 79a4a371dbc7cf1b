import { openSync } from "node:fs";
import { readDescriptorLimit } from "./descriptor-limit.ts";

/**
 * Takes the descriptors below this number, for as long as this process lives; fewer where there are not twice as many in all.
 * They are close-on-exec.
 */
export function reserveNumbers(below: number): void {
  const end = Math.min(below, Math.floor(readDescriptorLimit() / 2));
  try {
    while (openSync("/dev/null", "r") < end - 1) {
      // The next one.
    }
  } catch {
    // What is not left cannot be taken.
  }
}
