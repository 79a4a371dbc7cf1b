/*
 * Texts under keys, in a mapped file of the runtime directory: what is written is there for a successor as soon as the call
 * returns, whatever becomes of this process, and costs a few microseconds, as mostly no call into the kernel is made for it.
 *
 * Everything is written to the end of one half of the file. Before that has grown too large, what still counts is copied into
 * the other half, which then becomes the current one: that with the higher sequence number is. A frame is written first, and
 * then counts by the end that is raised over it; a half is filled first, and then counts by its sequence. So at whichever
 * byte this process is killed, a key has the text before it or the one after it. A number counts with its complement alone;
 * where that of the end is missing, the frames that are whole do.
 */
import { closeSync } from "node:fs";
import {
  FIRST_FRAME,
  type Frame,
  HALF,
  type HalfView,
  PAGE,
  RECORDS_SIZE,
  copyFrame,
  longestFrameOf,
  writeFrame,
  writePage,
} from "./record-layout.ts";
import { type FoundText, type RecordOpener, halfOf, placeOf, readLeft } from "./record-left.ts";
import { punchHole, reserveBlocks } from "./shared-memory.ts";
import { type MappedFile, openMappedFile } from "./state-file.ts";

/** Blocks are reserved for so many bytes at once. */
const CHUNK = 64 * 1024;
/** The other half is begun once there is so many times as much as counts, and a chunk. */
const GROWTH = 2;

export type RecordOpening =
  | {
      readonly tag: "ok";
      readonly file: RecordFile;
      /** By key. */
      readonly found: ReadonlyMap<string, FoundText>;
      /** Messages for the log about what could not be read. */
      readonly problems: readonly string[];
    }
  /** `message` is complete. */
  | { readonly tag: "failed"; readonly message: string };

export type RecordReading =
  | (Omit<Extract<RecordOpening, { readonly tag: "ok" }>, "file"> & {
      /** Writes all of it anew, into the other half, and goes on there. */
      readonly goOn: () => RecordsBegun;
    })
  | Extract<RecordOpening, { readonly tag: "failed" }>;

type RecordsBegun =
  { readonly tag: "ok"; readonly file: RecordFile } | Extract<RecordOpening, { readonly tag: "failed" }>;

/** Opens the file of `path`, or makes it. The caller is alone: it holds the supervisor's lock. */
export function openRecordFile(path: string, opener: RecordOpener): RecordOpening {
  const reading = readRecordFile(path, opener);
  if (reading.tag === "failed") return reading;
  const { found, problems, goOn } = reading;
  const begun = goOn();
  return begun.tag === "failed" ? begun : { tag: "ok", file: begun.file, found, problems };
}

/** The same in two steps: what a predecessor has left is told before, and stays as it is until, `goOn` is called, once. */
export function readRecordFile(path: string, opener: RecordOpener): RecordReading {
  const opening = openMappedFile(path, RECORDS_SIZE, opener.keeper);
  if (opening.tag === "failed") return { tag: "failed", message: `cannot open "${path}": ${opening.reason}` };
  const { file } = opening;
  const errno = reserve(file.fd, 0) ?? reserve(file.fd, PAGE) ?? reserve(file.fd, PAGE + HALF);
  if (errno !== null) return closeAndFail(file, `cannot make room for "${path}": ${errno}`);
  const left = readLeft(file, opener);
  return {
    tag: "ok",
    found: left.found,
    problems: [...file.problems, ...left.damage.map((what) => `cannot read all of "${path}": ${what}`)],
    goOn() {
      const records = new RecordFile(file, left.current, left.sequence);
      const failure = records.begin(left.found, opener.version);
      if (failure !== null) return closeAndFail(file, `cannot write "${path}": ${failure}`);
      // From now on it is of this boot; before, a death would have left what was there.
      writePage(file.memory.view(0, PAGE), opener.bootId);
      return { tag: "ok", file: records };
    },
  };
}

/** Where in the file this writes. */
interface Place {
  current: 0 | 1;
  sequence: number;
  end: number;
  /** How far blocks are reserved in the current half. */
  reserved: number;
  /** The frames that count. */
  readonly frames: Map<string, Pick<Frame, "at" | "length">>;
  /** Their length together. */
  counting: number;
}

export class RecordFile {
  readonly #file: MappedFile;
  /** As much of each as may be in use. */
  readonly #halves: [HalfView, HalfView];
  #place: Place;
  #version = 0;
  /** Beyond this, the other half is begun. */
  #limit = 2 * CHUNK;

  constructor(file: MappedFile, current: 0 | 1, sequence: number) {
    this.#file = file;
    this.#halves = [halfOf(file.memory, 0, PAGE), halfOf(file.memory, 1, PAGE)];
    this.#place = { current, sequence, end: FIRST_FRAME, reserved: PAGE, frames: new Map(), counting: 0 };
  }

  /** Goes on with these texts alone, in the half that is not current. null, or the errno if there is no room. */
  begin(found: ReadonlyMap<string, FoundText>, version: number): string | null {
    this.#version = version;
    return this.#renew(() => {
      for (const [key, { text, isDone }] of found) {
        const failure = this.#reserveUpTo(this.#place.end + longestFrameOf(key, text));
        if (failure !== null) return failure;
        this.#append({ key, text, isDone });
      }
      return null;
    });
  }

  /** The key has this text from now on, and what follows from it is not done. null, or the errno if there is no room. */
  write(key: string, text: string): string | null {
    const failure = this.#makeRoom(longestFrameOf(key, text));
    if (failure !== null) return failure;
    this.#append({ key, text, isDone: false });
    return null;
  }

  /** What was to follow from the text of the key has been done. */
  done(key: string): void {
    const frame = this.#place.frames.get(key);
    if (frame !== undefined) this.#halves[this.#place.current].markDone(frame.at);
  }

  /** The key has no text any more. null, or the errno if there is no room: then it still has it. */
  forget(key: string): string | null {
    return this.#place.frames.has(key) ? this.write(key, "") : null;
  }

  /** Nothing is left for a successor. */
  clear(): void {
    this.begin(new Map(), this.#version);
  }

  /** Lets go of the file as a death would. */
  [Symbol.dispose](): void {
    release(this.#file);
  }

  #append(frame: Pick<Frame, "key" | "text" | "isDone">): void {
    const half = this.#halves[this.#place.current];
    const at = this.#place.end;
    const length = writeFrame(half, at, { ...frame, sequence: this.#place.sequence });
    this.#place.end = at + length;
    half.end = this.#place.end;
    this.#place.counting -= this.#place.frames.get(frame.key)?.length ?? 0;
    if (frame.text === "") this.#place.frames.delete(frame.key);
    else this.#place.frames.set(frame.key, { at, length });
    this.#place.counting += frame.text === "" ? 0 : length;
  }

  #makeRoom(length: number): string | null {
    // Where that has no room, there may still be some here.
    if (this.#place.end + length > this.#limit && this.#renew((from) => this.#copyAll(from)) !== null)
      this.#limit += CHUNK;
    return this.#reserveUpTo(this.#place.end + length);
  }

  #reserveUpTo(end: number): string | null {
    if (end > HALF) return "EFBIG";
    while (this.#place.reserved < end) {
      const length = Math.min(CHUNK, HALF - this.#place.reserved);
      const errno = reserveBlocks(this.#file.fd, placeOf(this.#place.current) + this.#place.reserved, length);
      if (errno !== null) return errno;
      this.#place.reserved += length;
    }
    this.#lookUpTo(this.#place.reserved);
    return null;
  }

  #lookUpTo(end: number): void {
    const { current } = this.#place;
    const seen = this.#halves[current].bytes.length;
    if (seen < end) this.#halves[current] = halfOf(this.#file.memory, current, Math.min(Math.max(end, 2 * seen), HALF));
  }

  /** Copies what counts into the half that is being begun. */
  #copyAll({ current, frames }: Place): string | null {
    for (const [key, { at, length }] of frames) {
      const failure = this.#reserveUpTo(this.#place.end + length);
      if (failure !== null) return failure;
      const half = this.#halves[this.#place.current];
      copyFrame({ half: this.#halves[current], at, length }, half, {
        at: this.#place.end,
        sequence: this.#place.sequence,
      });
      this.#place.frames.set(key, { at: this.#place.end, length });
      this.#place.end += length;
      this.#place.counting += length;
    }
    return null;
  }

  /** Fills the other half, which is the current one then. If there is no room, everything stays as it is. */
  #renew(fill: (from: Place) => string | null): string | null {
    const before = this.#place;
    const current = before.current === 0 ? 1 : 0;
    this.#halves[current] = halfOf(this.#file.memory, current, PAGE);
    this.#place = {
      current,
      sequence: before.sequence + 1,
      end: FIRST_FRAME,
      reserved: PAGE,
      frames: new Map(),
      counting: 0,
    };
    const failure = fill(before);
    if (failure !== null) {
      this.#place = before;
      return failure;
    }
    const half = this.#halves[current];
    half.end = this.#place.end;
    half.version = this.#version;
    half.sequence = this.#place.sequence;
    this.#limit = this.#place.end + (GROWTH - 1) * this.#place.counting + CHUNK;
    punchHole(this.#file.fd, placeOf(before.current) + PAGE, HALF - PAGE);
    return null;
  }
}

function reserve(fd: number, at: number): string | null {
  return reserveBlocks(fd, at, PAGE);
}

function release({ fd, memory }: MappedFile): void {
  memory[Symbol.dispose]();
  closeSync(fd);
}

function closeAndFail(file: MappedFile, message: string): Extract<RecordOpening, { readonly tag: "failed" }> {
  release(file);
  return { tag: "failed", message };
}
