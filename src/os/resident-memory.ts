import { type Pointer, dlopen } from "bun:ffi";
import { readFileSync, readlinkSync } from "node:fs";

const libc = dlopen("libc.so.6", {
  // int madvise(void *addr, size_t length, int advice);
  madvise: { args: ["ptr", "u64", "i32"], returns: "i32" },
} as const);

const MADV_DONTNEED = 4;

/**
 * Lets go of the pages of this program's own code that are mapped at the moment. They stay in the page cache and come back,
 * without a read from disk, when they are touched: what was only needed to start is given back for good. Only mappings
 * that are not writable and of which no page is private are touched: in the others, relocations would be lost.
 */
export function releaseProgramPages(): void {
  const program = readlinkSync("/proc/self/exe");
  const ranges: (readonly [start: Pointer, length: number])[] = [];
  for (const mapping of readFileSync("/proc/self/smaps", "utf8").split(/\n(?=[0-9a-f]+-)/)) {
    const found = /^([0-9a-f]+)-([0-9a-f]+) r-.p \S+ \S+ \d+ +(.*)\n/.exec(mapping);
    if (found?.[3] !== program || !/^Anonymous: +0 kB$/m.test(mapping)) continue;
    const [start, end] = [Number.parseInt(found[1] ?? "", 16), Number.parseInt(found[2] ?? "", 16)];
    ranges.push([start as Pointer, end - start]);
  }
  // At last and together: whatever is done between would bring pages back.
  for (const [start, length] of ranges) libc.symbols.madvise(start, length, MADV_DONTNEED);
}
