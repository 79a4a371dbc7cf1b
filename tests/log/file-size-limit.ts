import { dlopen, ptr } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  // int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit);
  prlimit: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
} as const);

const RLIMIT_FSIZE = 1;

/**
 * Runs `act` while no file of this process may grow beyond `bytes`: a disk that becomes full in the middle of a write, for
 * everybody and without a mount. Only synchronous work, so that nothing else runs under the limit.
 */
export function withFileSizeLimit(bytes: number, act: () => void): void {
  const before = new BigUint64Array(2);
  const unused = new BigUint64Array(2);
  if (libc.symbols.prlimit(0, RLIMIT_FSIZE, null, ptr(before)) !== 0) throw new Error("cannot read the limit");
  const limited = new BigUint64Array([BigInt(bytes), before[1] ?? 0n]);
  if (libc.symbols.prlimit(0, RLIMIT_FSIZE, ptr(limited), ptr(unused)) !== 0) throw new Error("cannot set the limit");
  try {
    act();
  } finally {
    libc.symbols.prlimit(0, RLIMIT_FSIZE, ptr(before), ptr(unused));
  }
}
