import type { LogPlace } from "../core/log-place.ts";
import type { PlaneLine } from "../log/plane-messages.ts";
import { encodeItems, outputLineOf } from "./encode-records.ts";
import type { LogRecord } from "./log-record.ts";
import type { OutputQueue } from "./output-queue.ts";
import type { WrittenLines } from "./read-messages.ts";
import { recordOfLine } from "./record-of-line.ts";

/** Bytes that may wait for a reader; one that is further behind misses lines, and is told how many. */
const MOST_WAITING = 1024 * 1024;
/** Lines that are kept while the past is read. */
const MOST_EARLY = 10_000;

/** Picks the wanted lines of a service out of those that have just been written; `done` is called later, in order. */
export type PickLines = (written: Omit<WrittenLines, "places">, done: (bytes: Uint8Array) => void) => void;

/** Lines on their way from the data plane to whoever follows. */
export class LiveLines {
  readonly #queue: OutputQueue;
  readonly #pick: PickLines;
  /** What was written while the past is read; null: that is over. */
  #early: { readonly service: string; readonly line: PlaneLine }[] | null = [];
  #gathered = new Map<string, PlaneLine[]>();
  /** Characters that are being picked from. */
  #picking = 0;
  readonly #missed = new Map<string, { count: number; last: PlaneLine }>();
  readonly #encoder = new TextEncoder();

  constructor(queue: OutputQueue, pick: PickLines) {
    this.#queue = queue;
    this.#pick = pick;
  }

  add(service: string, line: PlaneLine): void {
    if (this.#early !== null) {
      if (this.#early.push({ service, line }) > MOST_EARLY) this.#miss(this.#early.shift());
      return;
    }
    if (this.#queue.size + this.#picking > MOST_WAITING) return this.#miss({ service, line });
    if (this.#gathered.size === 0) queueMicrotask(() => this.#handOn());
    const lines = this.#gathered.get(service) ?? [];
    this.#gathered.set(service, lines);
    lines.push(line);
    this.#picking += line.text.length;
  }

  /** The past has been told: what came meanwhile follows it, and then what comes. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = null;
    this.#tellMissed();
    for (const { service, line } of early) this.add(service, line);
  }

  #handOn(): void {
    const gathered = this.#gathered;
    this.#gathered = new Map();
    for (const [service, lines] of gathered) {
      const size = lines.reduce((sum, { text }) => sum + text.length, 0);
      this.#pick({ service, lines }, (bytes) => {
        this.#picking -= size;
        if (bytes.length > 0) this.#queue.add(bytes, () => this.#tellMissed());
        else this.#tellMissed();
      });
    }
  }

  #miss(missed: { readonly service: string; readonly line: PlaneLine } | undefined): void {
    if (missed === undefined) return;
    const { service, line } = missed;
    const count = (this.#missed.get(service)?.count ?? 0) + 1;
    this.#missed.set(service, { count, last: line });
  }

  /** As soon as there is room again, not when the next line comes: there may be none. */
  #tellMissed(): void {
    if (this.#missed.size === 0 || this.#early !== null || this.#queue.size + this.#picking > MOST_WAITING / 2) return;
    const records = [...this.#missed].map(([service, { count, last }]) => missedRecordOf(service, count, last));
    this.#missed.clear();
    this.#queue.add(this.#encoder.encode(encodeItems(records.map(outputLineOf))));
  }
}

function missedRecordOf(service: string, count: number, { at }: PlaneLine): LogRecord {
  const lines = count === 1 ? "1 line is" : `${count} lines are`;
  const text = `[${lines} missing here: they came faster than they were read]`;
  return { at, service, stream: null, pid: null, priority: null, text, cut: false };
}

/** What needs no thread of its own. */
export function pickAtOnce(
  accepts: (record: LogRecord) => boolean,
  placesOf: (service: string) => readonly LogPlace[],
): PickLines {
  const encoder = new TextEncoder();
  return ({ service, lines }, done) => {
    const places = placesOf(service);
    const records = lines.map((line) => recordOfLine(service, line, places)).filter((record) => accepts(record));
    done(encoder.encode(encodeItems(records.map(outputLineOf))));
  };
}
