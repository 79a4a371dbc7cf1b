/*
 * Which lines a sink takes. A block is given on as stretches of the same bytes, so that nothing is copied; a line that is too
 * long for one block is judged by its first piece, and the others go the same way.
 */
import type { LineFilter } from "../core/log-policy.ts";
import { NEWLINE, type Block } from "./line-framer.ts";
import { prioritizedOf } from "./priority.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Source } from "./source.ts";
import { isAtLeast } from "./syslog-severity.ts";

/** Takes blocks of lines, which are right only until it returns. */
export interface BlockSink {
  write(block: Block, source: Source): void;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class FilteredSink implements BlockSink {
  readonly #sink: BlockSink;
  readonly #filter: LineFilter;
  readonly #include: readonly RegExp[];
  readonly #exclude: readonly RegExp[];
  readonly #rate: RateLimit | null;
  /** What was decided of the line that a pipe is in the middle of. */
  readonly #verdicts = new WeakMap<object, boolean>();

  /** `wakeAt` asks for a `tick` then, in microseconds since 1970. */
  constructor(sink: BlockSink, filter: LineFilter, wakeAt: (at: number) => void) {
    this.#sink = sink;
    this.#filter = filter;
    this.#include = filter.include.map((pattern) => new RegExp(pattern, "u"));
    this.#exclude = filter.exclude.map((pattern) => new RegExp(pattern, "u"));
    this.#rate = filter.rate === null ? null : new RateLimit(filter.rate, sink, wakeAt);
  }

  write(block: Block, source: Source): void {
    let from = -1;
    let continues = block.continues;
    const giveOn = (end: number, unfinished: boolean): void => {
      if (from < 0) return;
      const isFirst = from === block.start;
      this.#sink.write({ ...block, start: from, end, continues: isFirst && block.continues, unfinished }, source);
      from = -1;
    };
    for (let start = block.start; start < block.end;) {
      const newline = block.unfinished ? -1 : block.bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? block.end : newline + 1;
      const text = decoder.decode(block.bytes.subarray(start, newline < 0 ? end : newline));
      const isWanted = continues
        ? (this.#verdicts.get(source.pipe) ?? this.#isWanted(text, source))
        : this.#isWanted(text, source);
      if (block.unfinished) this.#verdicts.set(source.pipe, isWanted);
      else if (continues) this.#verdicts.delete(source.pipe);
      if (!isWanted) giveOn(start, false);
      else if (from < 0) from = start;
      continues = false;
      start = end;
    }
    giveOn(block.end, block.unfinished);
  }

  /** Says what was left out, where that is due. `at` is now, in microseconds since 1970. */
  tick(at: number): void {
    this.#rate?.tick(at);
  }

  /** Says what was left out and not yet said. */
  close(at: number): void {
    this.#rate?.close(at);
  }

  #isWanted(line: string, source: Source): boolean {
    const { priority } = this.#filter;
    if (priority !== "debug" && !isAtLeast(prioritizedOf(line, source.stream).severity, priority)) return false;
    if (this.#include.length > 0 && !this.#include.some((pattern) => pattern.test(line))) return false;
    if (this.#exclude.some((pattern) => pattern.test(line))) return false;
    return this.#rate === null || this.#rate.take(source);
  }
}

/** Whether it leaves out anything at all. */
export function isFiltering({ priority, include, exclude, rate }: LineFilter): boolean {
  return priority !== "debug" || include.length > 0 || exclude.length > 0 || rate !== null;
}
