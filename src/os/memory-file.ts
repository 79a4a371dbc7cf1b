import { dlopen } from "bun:ffi";
import { closeSync, fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
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

/** A memory file of `size` zero bytes, which take memory only when they are written. Throws without memory. */
export function makeSizedMemoryFile(name: string, size: number): number {
  const fd = makeMemoryFile(name);
  ftruncateSync(fd, size);
  return fd;
}

/** Throws without memory. */
export function writeMemoryFile(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}

/** Fewer bytes where the file ends before. */
export function readMemoryFile(fd: number, length: number, offset: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}
