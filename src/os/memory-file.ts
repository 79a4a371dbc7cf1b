import { dlopen } from "bun:ffi";
import { closeSync, fstatSync, readSync, writeSync } from "node:fs";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int memfd_create(const char *name, unsigned int flags);
  memfd_create: { args: ["cstring", "u32"], returns: "i32" },
} as const);

const MFD_CLOEXEC = 1;

/** An empty file in memory; close-on-exec. The name is only for people who look into /proc. Throws without memory. */
export function makeMemoryFile(name: string): number {
  const fd = libc.symbols.memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) throw new Error(`cannot make a memory file: ${lastErrno()}`);
  return fd;
}

/** Writes the whole text of an empty memory file, for whoever holds it. Throws without memory. */
export function fillMemoryFile(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

/** The whole text of a memory file, which is closed. */
export function takeMemoryFile(fd: number): string {
  const bytes = Buffer.alloc(fstatSync(fd).size);
  readSync(fd, bytes, 0, bytes.length, 0);
  closeSync(fd);
  return bytes.toString();
}
