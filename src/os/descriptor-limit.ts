import { readFileSync } from "node:fs";

/** What is taken if the kernel does not tell. */
const USUAL = 1024;

/** How many descriptors this process may have open (RLIMIT_NOFILE, soft). */
export function readDescriptorLimit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return found === undefined ? USUAL : Number(found);
  } catch {
    return USUAL;
  }
}
