import type { Output } from "./world.ts";

/** How long to pause before a full pipe that does not block is tried again, in milliseconds. */
const FULL_PAUSE_MS = 5;

/** Standard output or standard error, as far as it is needed. */
export interface OutputDescriptor {
  readonly isTerminal: boolean;
  /** Of the terminal as it is now, in cells; null if it is none. */
  size(): { readonly columns: number; readonly rows: number } | null;
  /** Writes some of it, or the name of an errno says why not. */
  write(
    bytes: Uint8Array,
  ): { readonly tag: "written"; readonly count: number } | { readonly tag: "failed"; readonly errno: string };
}

/** What is written to it. Other failures than a closed pipe throw CannotWrite. */
export function outputTo(descriptor: OutputDescriptor): Output {
  const { isTerminal } = descriptor;
  return {
    isTerminal,
    get columns() {
      return isTerminal ? (descriptor.size()?.columns ?? null) : null;
    },
    get rows() {
      return isTerminal ? (descriptor.size()?.rows ?? null) : null;
    },
    write: (text) => writeAll(descriptor, new TextEncoder().encode(text)),
  };
}

/** What is to be printed cannot be: the disk is full, the terminal is gone. The command ends with this. */
export class CannotWrite extends Error {
  constructor(reason: string) {
    super(`cannot write the output: ${reason}`);
  }
}

function errnoReasonOf(errno: string): string {
  return errno === "ENOSPC" ? "no space left on device" : errno;
}

function writeAll(descriptor: OutputDescriptor, bytes: Uint8Array): boolean {
  let written = 0;
  while (written < bytes.length) {
    const result = descriptor.write(bytes.subarray(written));
    if (result.tag === "written") {
      written += result.count;
      continue;
    }
    if (result.errno === "EPIPE") return false;
    // Somebody who shares the pipe has made it non-blocking.
    if (result.errno === "EAGAIN") Bun.sleepSync(FULL_PAUSE_MS);
    else if (result.errno !== "EINTR") throw new CannotWrite(errnoReasonOf(result.errno));
  }
  return true;
}
