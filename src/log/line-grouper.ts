/*
 * Puts the lines of one pipe together to records: a line that matches begins one, the lines after it go on with it. What a
 * record has so far is kept here until the next one begins, its time is over, or it is full. Lines that are too long for one
 * block stay by themselves.
 */
import type { MultilinePolicy } from "../core/log-policy.ts";
import type { BlockSink } from "./line-filter.ts";
import type { Block } from "./line-framer.ts";
import { recordsOf } from "./record-block.ts";
import type { Source } from "./source.ts";

/** The records of one pipe that are underway. */
interface Underway {
  /** Of its first line. */
  readonly source: Source;
  /** Its bytes, a piece for each line or for several. */
  readonly pieces: Uint8Array[];
  lines: number;
  /** Of these, so many are kept. */
  counted: number;
  bytes: number;
  /** When no more is waited for, in microseconds since 1970. */
  until: number;
}

export interface GrouperPorts {
  /** Asks for a `tick` then, in microseconds since 1970. */
  wakeAt(at: number): void;
  /** So many lines more (or fewer) are in memory alone. */
  held(delta: number): void;
}

export class LineGrouper implements BlockSink {
  readonly #policy: MultilinePolicy;
  readonly #start: RegExp;
  readonly #sink: BlockSink;
  readonly #ports: GrouperPorts;
  readonly #underway = new Map<object, Underway>();

  constructor(policy: MultilinePolicy, sink: BlockSink, ports: GrouperPorts) {
    this.#policy = policy;
    this.#start = new RegExp(policy.start, "u");
    this.#sink = sink;
    this.#ports = ports;
  }

  write(block: Block, source: Source): void {
    if (block.unfinished || block.continues) {
      this.#finish(source.pipe);
      const [first] = recordsOf(block);
      if (first === undefined) return;
      this.#sink.write({ ...block, end: first.end }, source);
      if (first.end < block.end) this.write({ ...block, start: first.end, continues: false }, source);
      return;
    }
    const ready: Uint8Array[] = [];
    const ends: number[] = [];
    let underway = this.#underway.get(source.pipe);
    let from = underway?.source ?? source;
    for (const { start, end, text } of recordsOf(block)) {
      const line = block.bytes.subarray(start, end);
      if (underway !== undefined && (this.#start.test(text) || this.#isFull(underway, line))) {
        this.#close(underway, ready, ends);
        // What was begun earlier has the time of its beginning.
        if (underway.source !== source) this.#giveOn(ready, ends, from);
        from = source;
        underway = undefined;
      }
      underway ??= { source, pieces: [], lines: 0, counted: 0, bytes: 0, until: 0 };
      underway.pieces.push(line);
      underway.lines++;
      underway.bytes += line.length;
    }
    this.#giveOn(ready, ends, from);
    if (underway !== undefined) this.#keep(source, underway);
  }

  /** Gives on what nothing more is waited for. `at` is now, in microseconds since 1970. */
  tick(at: number): void {
    for (const [pipe, underway] of this.#underway) {
      // The clock may have been set back.
      if (at >= underway.until || at < underway.source.at) this.#finish(pipe);
      else this.#ports.wakeAt(underway.until);
    }
  }

  /** Gives on everything. */
  flush(): void {
    for (const pipe of [...this.#underway.keys()]) this.#finish(pipe);
  }

  #isFull({ lines, bytes }: Underway, line: Uint8Array): boolean {
    return lines >= this.#policy.lines || bytes + line.length > this.#policy.bytes;
  }

  #close(underway: Underway, ready: Uint8Array[], ends: number[]): void {
    ready.push(...underway.pieces);
    ends.push((ends.at(-1) ?? 0) + underway.bytes);
  }

  #giveOn(ready: Uint8Array[], ends: number[], source: Source): void {
    if (ends.length === 0) return;
    const bytes = Buffer.concat(ready);
    const block = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false, records: [...ends] };
    ready.length = 0;
    ends.length = 0;
    this.#sink.write(block, source);
  }

  /** The buffer of the block is used again: what stays is copied. */
  #keep(source: Source, underway: Underway): void {
    underway.until = source.at + this.#policy.within * 1000;
    underway.pieces.splice(0, underway.pieces.length, Buffer.concat(underway.pieces));
    const before = this.#underway.get(source.pipe)?.counted ?? 0;
    this.#ports.held(underway.lines - before);
    underway.counted = underway.lines;
    this.#underway.set(source.pipe, underway);
    this.#ports.wakeAt(underway.until);
  }

  #finish(pipe: object): void {
    const underway = this.#underway.get(pipe);
    if (underway === undefined) return;
    this.#underway.delete(pipe);
    this.#ports.held(-underway.counted);
    const bytes = Buffer.concat(underway.pieces);
    const block = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false, records: [bytes.length] };
    this.#sink.write(block, underway.source);
  }
}
