import { dlopen, toArrayBuffer, type Pointer } from "bun:ffi";
import { errnoNameOf } from "./errno-names.ts";

const libc = dlopen("libc.so.6", {
  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
  mmap: { args: ["u64", "u64", "i32", "i32", "i32", "i64"], returns: "ptr" },
  // int munmap(void *addr, size_t length);
  munmap: { args: ["ptr", "u64"], returns: "i32" },
  // int posix_fallocate(int fd, off_t offset, off_t len);
  posix_fallocate: { args: ["i32", "i64", "i64"], returns: "i32" },
  // int fallocate(int fd, int mode, off_t offset, off_t len);
  fallocate: { args: ["i32", "i32", "i64", "i64"], returns: "i32" },
  // long syscall(long number, ...);
  syscall: { args: ["i64", "i64", "i64", "i64"], returns: "i64" },
} as const);

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MEMBARRIER_CMD_GLOBAL = 1;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/** A file mapped shared: what is written here is what every other mapping of it reads. */
export interface SharedMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: number;
  /**
   * A part of it. The collector takes the length of every view for memory in use, and lets as much garbage pile up in proportion:
   * where little of a large file is in use, only that is to be looked at.
   */
  view(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** Unmaps it; `bytes` must not be touched any more, by a child neither. */
  [Symbol.dispose](): void;
}

/** Maps the first `size` bytes of an open file; null if the kernel refuses. */
export function mapShared(fd: number, size: number): SharedMemory | null {
  const address = Number(libc.symbols.mmap(0, size, PROT_READ_WRITE, MAP_SHARED, fd, 0));
  // MAP_FAILED is -1, as an address far above everything that a process can have.
  if (address <= 0 || address > 2 ** 52) return null;
  const pointer = address as Pointer;
  return new Mapping(pointer, size);
}

class Mapping implements SharedMemory {
  readonly address: number;
  readonly #pointer: Pointer;
  readonly #size: number;
  #bytes: Uint8Array<ArrayBuffer> | null = null;

  constructor(pointer: Pointer, size: number) {
    this.#pointer = pointer;
    this.address = Number(pointer);
    this.#size = size;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return (this.#bytes ??= this.view(0, this.#size));
  }

  view(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (offset + length > this.#size)
      throw new RangeError(`internal error: ${offset} + ${length} of ${this.#size} bytes`);
    return new Uint8Array(toArrayBuffer(this.#pointer, offset, length));
  }

  [Symbol.dispose](): void {
    libc.symbols.munmap(this.#pointer, this.#size);
  }
}

/** Gives the file real blocks here, so that writing to the mapping cannot fail (with SIGBUS) on a full disk; null or the errno. */
export function reserveBlocks(fd: number, offset: number, length: number): string | null {
  const errno = libc.symbols.posix_fallocate(fd, offset, length);
  return errno === 0 ? null : errnoNameOf(errno);
}

/** Gives the blocks back; what is there reads as zeros from now on. A file system that cannot do this keeps them. */
export function punchHole(fd: number, offset: number, length: number): void {
  libc.symbols.fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, length);
}

/** Returns when every running thread of the machine has passed a memory barrier. Without that in the kernel it does nothing. */
export function issueGlobalBarrier(): void {
  libc.symbols.syscall(process.arch === "arm64" ? 283 : 324, MEMBARRIER_CMD_GLOBAL, 0, 0);
}
