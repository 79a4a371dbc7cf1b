/* inotify(7): the kernel tells what is changed in directories. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { lastErrno } from "./last-errno.ts";

const libc = dlopen("libc.so.6", {
  // int inotify_init1(int flags);
  inotify_init1: { args: ["i32"], returns: "i32" },
  // int inotify_add_watch(int fd, const char *pathname, uint32_t mask);
  inotify_add_watch: { args: ["i32", "cstring", "u32"], returns: "i32" },
  // int inotify_rm_watch(int fd, int wd);
  inotify_rm_watch: { args: ["i32", "i32"], returns: "i32" },
  // ssize_t read(int fd, void *buf, size_t count);
  read: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
} as const);

const IN_CLOEXEC = 0o2000000;
const IN_NONBLOCK = 0o4000;

/** What is asked for, and told. */
export const IN = {
  modify: 0x2,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
} as const;

/** Told without being asked for. */
export const IN_TOLD = {
  /** Events were lost; the number of the watch is -1. */
  overflow: 0x4000,
  /** The watch is gone, and its number with it. */
  ignored: 0x8000,
  isDirectory: 0x40000000,
} as const;

const IN_ONLYDIR = 0x01000000;
/** What was asked for of the same directory before is still told. */
const IN_MASK_ADD = 0x20000000;

export interface FileEvent {
  /** The number that `add` gave. */
  readonly watch: number;
  readonly mask: number;
  /** Of the entry of the directory; empty: the directory itself. */
  readonly name: string;
}

export type AddResult =
  { readonly tag: "added"; readonly watch: number } | { readonly tag: "failed"; readonly errno: string };

/** struct inotify_event: number, mask, cookie and length of the name in 4 bytes each, then the name, filled up with NULs. */
const HEADER = 16;
const BUFFER = 64 * 1024;
const decoder = new TextDecoder();

export class Inotify {
  /** Readable while there are events; non-blocking, close-on-exec. */
  readonly fd: number;
  #buffer: Uint8Array | null = null;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** The name of an errno if there can be none: EMFILE also when the user has 128 of them (max_user_instances). */
  static open(): Inotify | string {
    const fd = libc.symbols.inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return fd < 0 ? lastErrno() : new Inotify(fd);
  }

  /** Watches a directory, once however often and by whatever path it is added. ENOSPC: the user's max_user_watches. */
  add(directory: string, mask: number): AddResult {
    const watch = libc.symbols.inotify_add_watch(this.fd, directory, mask | IN_ONLYDIR | IN_MASK_ADD);
    return watch < 0 ? { tag: "failed", errno: lastErrno() } : { tag: "added", watch };
  }

  /** Watches an open file, whatever name it has. */
  addOpenFile(fd: number, mask: number): AddResult {
    const watch = libc.symbols.inotify_add_watch(this.fd, `/proc/self/fd/${fd}`, mask);
    return watch < 0 ? { tag: "failed", errno: lastErrno() } : { tag: "added", watch };
  }

  /** Its number may still be told: as "ignored", and in events from before. */
  remove(watch: number): void {
    libc.symbols.inotify_rm_watch(this.fd, watch);
  }

  /** What has happened since the last call, up to a bound: it may have to be called again. */
  take(): readonly FileEvent[] {
    const buffer = (this.#buffer ??= new Uint8Array(BUFFER));
    const length = Number(libc.symbols.read(this.fd, ptr(buffer), BUFFER));
    return length <= 0 ? [] : decodeEvents(buffer.subarray(0, length));
  }

  close(): void {
    libc.symbols.close(this.fd);
  }
}

/** Whole events, one after the other. */
function decodeEvents(bytes: Uint8Array): readonly FileEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: FileEvent[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = view.getUint32(at + 12, true);
    const name = bytes.subarray(at + HEADER, at + HEADER + length);
    const end = name.indexOf(0);
    const text = decoder.decode(end < 0 ? name : name.subarray(0, end));
    events.push({ watch: view.getInt32(at, true), mask: view.getUint32(at + 4, true), name: text });
    at += HEADER + length;
  }
  return events;
}
