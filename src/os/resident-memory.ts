import { type Pointer, dlopen } from "bun:ffi";
import { readFileSync, readlinkSync } from "node:fs";
import { findProgramSection } from "./program-section.ts";
import { withSpareDescriptors } from "./spare-descriptors.ts";

const libc = dlopen("libc.so.6", {
  // int madvise(void *addr, size_t length, int advice);
  madvise: { args: ["ptr", "u64", "i32"], returns: "i32" },
  // int mprotect(void *addr, size_t length, int prot);
  mprotect: { args: ["ptr", "u64", "i32"], returns: "i32" },
} as const);

const MADV_DONTNEED = 4;
const PROT_READ = 1;

/**
 * Lets go of the pages of this program's own file that are mapped at the moment: code, constants and JavaScript. They stay in the
 * page cache and come back, without a read from disk, when they are touched: what was only needed to start is given back for
 * good. Only mappings that are not writable and of which no page is private are touched: in the others, relocations would be lost.
 */
export function releaseProgramPages(): void {
  prepareRelease()();
}

/** The same in two steps, of which the second brings hardly a page back: to be done right before a long sleep. */
export function prepareRelease(): () => void {
  sealScripts();
  const program = readlinkSync("/proc/self/exe");
  const starts: Pointer[] = [];
  const lengths: number[] = [];
  for (const mapping of withSpareDescriptors(() => readFileSync("/proc/self/smaps", "utf8")).split(
    /\n(?=[0-9a-f]+-)/,
  )) {
    const found = /^([0-9a-f]+)-([0-9a-f]+) r-(.)p \S+ \S+ \d+ +(.*)\n/.exec(mapping);
    if (found?.[4] !== program || !/^Anonymous: +0 kB$/m.test(mapping)) continue;
    const [start, end] = [Number.parseInt(found[1] ?? "", 16), Number.parseInt(found[2] ?? "", 16)];
    // Code goes last, as letting go of the others needs it.
    const place = found[3] === "x" ? starts.length : 0;
    starts.splice(place, 0, start as Pointer);
    lengths.splice(place, 0, end - start);
  }
  // At last and together: whatever is done between would bring pages back.
  return () => {
    for (let index = 0; index < starts.length; index++)
      libc.symbols.madvise(starts[index] ?? null, lengths[index] ?? 0, MADV_DONTNEED);
  };
}

/** The section with the JavaScript of this program, compiled and not. */
const SCRIPTS = ".bun";
/** A multiple of every size that a page may have: other sections begin and end where this one does. */
const LARGEST_PAGE = 65_536;
let areSealed = false;

/**
 * The JavaScript of a compiled program lies among what is writable, and is never written to. It becomes a mapping of its own
 * by that, of which smaps tells whether it has private pages.
 */
function sealScripts(): void {
  if (areSealed) return;
  areSealed = true;
  const found = findProgramSection(SCRIPTS);
  if (found === null) return;
  const start = Math.ceil(found.start / LARGEST_PAGE) * LARGEST_PAGE;
  const end = Math.floor(found.end / LARGEST_PAGE) * LARGEST_PAGE;
  if (start < end) libc.symbols.mprotect(start as Pointer, end - start, PROT_READ);
}
