import { fstatSync, writeSync } from "node:fs";
import type { Output } from "./world.ts";

/** How long to pause before a full pipe that does not block is tried again, in milliseconds. */
const FULL_PAUSE_MS = 5;

/** The device number of /dev/null: major 1, minor 3. */
const NULL_DEVICE = 0x103;

/** What is written to standard output (1) or standard error (2). Other failures than a closed pipe throw CannotWrite. */
export function outputTo(descriptor: 1 | 2): Output {
  // The runtime's own streams are asked only where there may be a terminal: to load them costs half a command.
  const stream = mayBeTerminal(descriptor) ? (descriptor === 1 ? process.stdout : process.stderr) : null;
  return {
    isTerminal: stream?.isTTY === true,
    get columns() {
      return stream?.isTTY === true ? stream.columns : null;
    },
    get rows() {
      return stream?.isTTY === true ? stream.rows : null;
    },
    write: (text) => writeAll(descriptor, Buffer.from(text)),
  };
}

/** What is to be printed cannot be: the disk is full, the terminal is gone. The command ends with this. */
export class CannotWrite extends Error {
  constructor(reason: string) {
    super(`cannot write the output: ${reason}`);
  }
}

function errnoReasonOf(code: unknown): string {
  return code === "ENOSPC" ? "no space left on device" : String(code);
}

function mayBeTerminal(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.isCharacterDevice() && found.rdev !== NULL_DEVICE;
  } catch {
    return false;
  }
}

function writeAll(descriptor: number, bytes: Buffer): boolean {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      if (code === "EPIPE") return false;
      // Somebody who shares the pipe has made it non-blocking.
      if (code !== "EAGAIN") throw new CannotWrite(errnoReasonOf(code));
      Bun.sleepSync(FULL_PAUSE_MS);
    }
  }
  return true;
}
