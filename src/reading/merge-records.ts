import type { LogRecord } from "./log-record.ts";
import type { Records } from "./read-log.ts";

/** Records that are handed on at a time. */
const PIECE = 500;

interface Head {
  /** Its place among the sources: of equal times the earlier source goes first. */
  readonly order: number;
  readonly source: Records;
  records: readonly LogRecord[];
  index: number;
}

/**
 * Several sources as one, in the order of time. Lines of one source stay in their order, whatever their times are: the clock
 * may have been set back.
 */
export function* mergeRecords(sources: readonly Records[]): Records {
  const [only] = sources;
  if (sources.length === 1 && only !== undefined) return yield* only;
  const heads: Head[] = [];
  for (const [order, source] of sources.entries()) {
    const head = { order, source, records: [], index: 0 };
    if (yield* refill(head)) add(heads, head);
  }
  let piece: LogRecord[] = [];
  for (let head = heads[0]; head !== undefined; head = heads[0]) {
    const record = head.records[head.index++];
    if (record !== undefined) piece.push(record);
    if (piece.length >= PIECE) {
      yield piece;
      piece = [];
    }
    if (head.index >= head.records.length && !(yield* refill(head))) removeFirst(heads);
    else sink(heads, 0);
  }
  if (piece.length > 0) yield piece;
}

/** Gets the next records of a source; false: there are none. */
function* refill(head: Head): Generator<readonly LogRecord[], boolean, undefined> {
  for (;;) {
    const next = head.source.next();
    if (next.done === true) return false;
    head.records = next.value;
    head.index = 0;
    if (next.value.length > 0) return true;
    yield [];
  }
}

// A binary heap: the earliest is the first, and what is at 2i + 1 and 2i + 2 is not earlier than what is at i.

function add(heads: Head[], head: Head): void {
  let at = heads.length;
  heads.push(head);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isEarlier(heads, at, parent)) return;
    swap(heads, at, parent);
    at = parent;
  }
}

function removeFirst(heads: Head[]): void {
  const last = heads.pop();
  if (last === undefined || heads.length === 0) return;
  heads[0] = last;
  sink(heads, 0);
}

function sink(heads: Head[], from: number): void {
  for (let at = from; ;) {
    const left = 2 * at + 1;
    const child = left + 1 < heads.length && isEarlier(heads, left + 1, left) ? left + 1 : left;
    if (child >= heads.length || !isEarlier(heads, child, at)) return;
    swap(heads, child, at);
    at = child;
  }
}

function isEarlier(heads: readonly Head[], left: number, right: number): boolean {
  const [a, b] = [heads[left], heads[right]];
  if (a === undefined || b === undefined) return false;
  const [first, second] = [a.records[a.index]?.at ?? 0, b.records[b.index]?.at ?? 0];
  return first === second ? a.order < b.order : first < second;
}

function swap(heads: Head[], left: number, right: number): void {
  const [a, b] = [heads[left], heads[right]];
  if (a === undefined || b === undefined) return;
  heads[left] = b;
  heads[right] = a;
}
