import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { Output } from "./world.ts";

/** How long to pause before a full pipe that does not block is tried again, in milliseconds. */
const FULL_PAUSE_MS = 5;

/** What is written to standard output (1) or standard error (2). Other failures than a closed pipe throw. */
export function outputTo(descriptor: 1 | 2): Output {
  const isTerminal = isatty(descriptor);
  return {
    isTerminal,
    // The stream is asked for its width only: to write through it costs more than a whole command.
    columns: isTerminal ? ((descriptor === 1 ? process.stdout : process.stderr).columns ?? null) : null,
    write: (text) => writeAll(descriptor, Buffer.from(text)),
  };
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
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(FULL_PAUSE_MS);
    }
  }
  return true;
}
