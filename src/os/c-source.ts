import { dlopen } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";

/** Calls `compile` with a path from which it can read the C source: cc() cannot read one inside a compiled binary. */
export function withSourcePath<Result>(source: string, compile: (path: string) => Result): Result {
  refuseOtherMachines();
  const fd = makeMemoryFile();
  try {
    writeSync(fd, source);
    return compile(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

function refuseOtherMachines(): void {
  const machine = `${process.platform} on ${process.arch}`;
  if (machine === "linux on x64" || machine === "linux on arm64") return;
  throw new Error(`cannot run on this machine: it is ${machine}, want linux on x64 or arm64`);
}

function makeMemoryFile(): number {
  const libc = dlopen("libc.so.6", {
    // int memfd_create(const char *name, unsigned int flags);
    memfd_create: { args: ["cstring", "u32"], returns: "i32" },
  } as const);
  const MFD_CLOEXEC = 1;
  const fd = libc.symbols.memfd_create("source.c", MFD_CLOEXEC);
  libc.close();
  if (fd < 0) throw new Error("cannot create a memory file: memfd_create failed");
  return fd;
}
