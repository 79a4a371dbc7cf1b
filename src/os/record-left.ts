/* What a predecessor has left in the file of records. */
import { readSync } from "node:fs";
import {
  FIRST_FRAME,
  type FoundFrame,
  HALF,
  HalfView,
  PAGE,
  RECORDS_SIZE,
  readFrame,
  readPage,
} from "./record-layout.ts";
import type { SharedMemory } from "./shared-memory.ts";
import type { FileKeeper, MappedFile } from "./state-file.ts";

export interface FoundText {
  readonly text: string;
  /** true: what was to follow from it has been done. */
  readonly isDone: boolean;
}

/** Texts of another boot mean nothing; those of an earlier version are converted, or given up (null). */
export interface RecordOpener {
  /** May have the pid namespace appended. */
  readonly bootId: string;
  readonly version: number;
  convert(text: string, version: number): string | null;
  readonly keeper?: FileKeeper | undefined;
}

interface Left {
  readonly current: 0 | 1;
  readonly sequence: number;
  readonly found: ReadonlyMap<string, FoundText>;
  readonly damage: readonly string[];
}

/** Reads what a predecessor has left; says what of it cannot be read. */
export function readLeft(file: MappedFile, opener: RecordOpener): Left {
  const { memory } = file;
  const [first, second] = [halfOf(memory, 0, FIRST_FRAME), halfOf(memory, 1, FIRST_FRAME)];
  const current = (second.sequence ?? 0) > (first.sequence ?? 0) ? 1 : 0;
  const half = current === 1 ? second : first;
  const { sequence, version } = half;
  const nothing = { current, sequence: sequence ?? 0, found: new Map<string, FoundText>() } as const;
  const page = readPage(memory.view(0, PAGE));
  const damage = file.sizeBefore > 0 && file.sizeBefore < RECORDS_SIZE ? ["it has been cut off"] : [];
  if (page === "damaged") return { ...nothing, damage: [...damage, "its header is damaged"] };
  if (page === "blank" || page.bootId !== opener.bootId) return { ...nothing, damage };
  if (sequence === null || version === null)
    return { ...nothing, damage: [...damage, "neither of its halves is whole"] };
  if (version > opener.version) {
    const newer = `it is of version ${version}, and this daemonsup reads up to ${opener.version}`;
    return { ...nothing, damage: [...damage, newer] };
  }
  const frames = readFrames(file.fd, { current, sequence, end: half.end });
  const found = new Map<string, FoundText>();
  for (const { key, isDone, ...frame } of frames.newest.values()) {
    const text = frame.text();
    const converted = version === opener.version || text === "" ? text : opener.convert(text, version);
    if (converted !== null && converted !== "") found.set(key, { text: converted, isDone });
  }
  const broken = frames.broken > 0 ? [`${frames.broken} bytes of it are damaged`] : [];
  return { current, sequence, found, damage: [...damage, ...broken] };
}

/** The last one of each key. Not through the mapping: on a tmpfs even reading a hole there takes memory. */
function readFrames(
  fd: number,
  { current, sequence, end }: { readonly current: 0 | 1; readonly sequence: number; readonly end: number | null },
): { readonly newest: ReadonlyMap<string, FoundFrame>; readonly broken: number } {
  const contents = new Uint8Array(end !== null && end >= FIRST_FRAME && end <= HALF ? end : HALF);
  readSync(fd, contents, 0, contents.length, placeOf(current));
  const half = new HalfView(contents);
  const newest = new Map<string, FoundFrame>();
  let broken = 0;
  let skipped = 0;
  for (let at = FIRST_FRAME; at < contents.length;) {
    const frame = readFrame(half, at, sequence);
    if (frame !== null) {
      newest.set(frame.key, frame);
      broken += skipped;
      skipped = 0;
    } else skipped += 8;
    at += frame?.length ?? 8;
  }
  // Behind the last frame there is nothing, or one that was being written.
  return { newest, broken: end === null ? broken : broken + skipped };
}

/** The first `length` bytes of a half. */
export function halfOf(memory: SharedMemory, index: 0 | 1, length: number): HalfView {
  return new HalfView(memory.view(placeOf(index), length));
}

export function placeOf(index: 0 | 1): number {
  return PAGE + index * HALF;
}
