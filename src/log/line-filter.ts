/*
 * Which lines a sink takes. A block is given on as stretches of the same bytes, so that nothing is copied; a line that is too
 * long for one block is judged by its first piece, and the others go the same way.
 */
import type { LineFilter } from "../core/log-policy.ts";
import type { Block } from "./line-framer.ts";
import { prioritizedOf } from "./priority.ts";
import { RateLimit } from "./rate-limit.ts";
import { recordsOf } from "./record-block.ts";
import type { Source } from "./source.ts";
import { isAtLeast } from "./syslog-severity.ts";

/** Takes blocks of lines, which are right only until it returns. */
export interface BlockSink {
  write(block: Block, source: Source): void;
}

export interface FilterPorts {
  /** Asks for a `tick` then, in microseconds since 1970. */
  wakeAt(at: number): void;
  /** So many lines were more than the rate allows. */
  lost(lines: number): void;
}

export class FilteredSink implements BlockSink {
  readonly #sink: BlockSink;
  readonly #filter: LineFilter;
  readonly #include: readonly RegExp[];
  readonly #exclude: readonly RegExp[];
  readonly #rate: RateLimit | null;
  readonly #ports: FilterPorts;
  /** What was decided of the line that a pipe is in the middle of. */
  readonly #verdicts = new WeakMap<object, boolean>();

  constructor(sink: BlockSink, filter: LineFilter, ports: FilterPorts) {
    this.#sink = sink;
    this.#filter = filter;
    this.#ports = ports;
    this.#include = filter.include.map((pattern) => new RegExp(pattern, "u"));
    this.#exclude = filter.exclude.map((pattern) => new RegExp(pattern, "u"));
    this.#rate = filter.rate === null ? null : new RateLimit(filter.rate, sink, ports.wakeAt);
  }

  write(block: Block, source: Source): void {
    let from = -1;
    let continues = block.continues;
    let ends: number[] = [];
    const giveOn = (end: number): void => {
      if (from < 0) return;
      const part = { ...block, start: from, end, continues: from === block.start && block.continues };
      this.#sink.write(block.records === undefined ? part : { ...part, records: ends }, source);
      from = -1;
      ends = [];
    };
    for (const { start, end, text } of recordsOf(block)) {
      const isWanted = (continues ? this.#verdicts.get(source.pipe) : undefined) ?? this.#isWanted(text, source);
      if (block.unfinished) this.#verdicts.set(source.pipe, isWanted);
      else if (continues) this.#verdicts.delete(source.pipe);
      continues = false;
      if (!isWanted) giveOn(start);
      else if (from < 0) from = start;
      if (isWanted) ends.push(end);
    }
    giveOn(block.end);
    const lost = this.#rate?.takeLost() ?? 0;
    if (lost > 0) this.#ports.lost(lost);
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
