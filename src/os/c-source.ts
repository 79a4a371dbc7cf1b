import { dlopen } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";

/**
 * For the compiler: it would link a libc, and finds one only where programs are built (it looks for "libc.so" or "libc.a",
 * which come with the headers). So what the C files take from libc they call by address.
 */
export const WITHOUT_LIBRARIES = "-nostdlib";

/** Calls `compile` with a path from which it can read the C source: cc() cannot read one inside a compiled binary. */
export function withSourcePath<Result>(source: string, compile: (path: string) => Result): Result {
  refuseOtherMachines();
  const fd = makeMemoryFile();
  try {
    writeSync(fd, addressesFor(source) + source);
    return compile(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

/** Defines AT_name for each such word of the source: the address of this function of libc in this process. */
function addressesFor(source: string): string {
  const names = new Set([...source.matchAll(/\bAT_(\w+)/g)].map(([, name = ""]) => name));
  const { symbols, close } = dlopen(
    "libc.so.6",
    Object.fromEntries([...names].map((name) => [name, { args: [], returns: "void" }] as const)),
  );
  const lines = Object.entries(symbols).map(([name, call]) => {
    const address: unknown = Reflect.get(call, "ptr");
    if (typeof address !== "number" && typeof address !== "bigint")
      throw new Error(`internal error: the runtime does not tell the address of ${name}`);
    return `#define AT_${name} ${address}L\n`;
  });
  close();
  return lines.join("");
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
