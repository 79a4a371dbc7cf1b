import { CFunction, type Pointer, ptr } from "bun:ffi";
import { loadNative } from "./native.ts";

/** Where the compiled function is, for any thread of this process. Compiles it if that has not been done: 3 to 6 ms. */
export function stampCopierAddress(): number {
  return loadNative().stamping();
}

/** Bytes that a stamp may have at most, and that the copier may write beyond the end of its outcome. */
const STAMP_ROOM = 32;

/** Copies the lines from `start` to `end` of `bytes` behind `length` bytes of `target`, each with the stamp before it. */
export type StampCopier = (
  lines: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  stamp: Uint8Array,
  target: { readonly bytes: Uint8Array; readonly length: number },
) => { readonly taken: number; readonly written: number };

/** The function at this address. It takes whole lines as long as there is room; stamps have at most 32 bytes. */
export function stampCopierAt(address: number): StampCopier {
  const copy = CFunction({
    // double stamp_lines(const char *, double, const long *, int, char *, double, double *taken);
    args: ["u64", "f64", "ptr", "i32", "u64", "f64", "ptr"],
    returns: "f64",
    ptr: address as Pointer,
  });
  const padded = new Uint8Array(STAMP_ROOM);
  const taken = new Float64Array(1);
  return ({ bytes, start, end }, stamp, target) => {
    padded.set(stamp);
    const room = target.bytes.length - target.length;
    const from = ptr(bytes) + start;
    const to = ptr(target.bytes) + target.length;
    const written = Number(copy(from, end - start, ptr(padded), stamp.length, to, room, ptr(taken)));
    return { taken: taken[0] ?? 0, written };
  };
}
