import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";

const CHUNK = 64 * 1024;
const NOTHING = Buffer.alloc(CHUNK);

/** Copies a file of our own as it is now, mode 0600; where there is nothing but zeros in it, the copy takes no room. Throws the error of the call that fails. */
export function copyFile(from: string, to: string): void {
  const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const source = openSync(from, O_RDONLY | O_NOFOLLOW);
  try {
    const target = openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      const { size } = fstatSync(source);
      ftruncateSync(target, size);
      const bytes = Buffer.alloc(CHUNK);
      for (let at = 0; at < size; at += CHUNK) {
        const length = readSync(source, bytes, 0, CHUNK, at);
        const chunk = bytes.subarray(0, length);
        if (!chunk.equals(NOTHING.subarray(0, length))) writeSync(target, chunk, 0, length, at);
      }
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}
