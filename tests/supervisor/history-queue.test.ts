import { describe, expect, test } from "bun:test";
import type { HistoryEntry } from "../../src/core/history.ts";
import { HistoryQueue, MOST_WAITING, MOST_WAITING_TEXT } from "../../src/supervisor/history-queue.ts";
import { endOf, eventOf, runOf, second } from "../core/literal-history.ts";

const shown = (entries: readonly HistoryEntry[]) =>
  entries.map((entry) =>
    entry.tag === "run" ? `${entry.run}${entry.end === null ? "" : "x"}+${entry.merged}` : entry.message,
  );

function queueOf(...entries: readonly HistoryEntry[]): HistoryQueue {
  const queue = new HistoryQueue();
  for (const entry of entries) queue.add(entry);
  return queue;
}

const ALL = Number.POSITIVE_INFINITY;

describe("entries that wait to be written", () => {
  test("go out in order, and once", () => {
    const queue = queueOf(eventOf(1), runOf(2, { end: null }), eventOf(3, { message: "2 added" }));
    expect(shown(queue.take(ALL))).toEqual(["1 added", "2+0", "2 added"]);
    expect(queue.take(ALL)).toEqual([]);
  });

  test("go out a part at a time", () => {
    const queue = queueOf(eventOf(1), runOf(2), eventOf(3, { message: "2 added" }));
    expect(shown(queue.take(2))).toEqual(["1 added", "2x+0"]);
    queue.add(runOf(4));
    expect(shown(queue.take(2))).toEqual(["2 added", "4x+0"]);
  });

  test("are one for a run that has begun and ended", () => {
    expect(shown(queueOf(runOf(1, { end: null }), eventOf(2), runOf(1)).take(ALL))).toEqual(["1x+0", "1 added"]);
  });

  test("are the first, the last and a count of a service that crashes all the time", () => {
    const loop = Array.from({ length: 1000 }, (_, index) => [runOf(index + 1, { end: null }), runOf(index + 1)]).flat();
    const [first, last] = queueOf(...loop).take(ALL);
    expect(first).toMatchObject({ run: 1, merged: 0 });
    expect(last).toMatchObject({ run: 1000, merged: 998, firstMerged: 2 });
  });

  test("are merged for each service by itself", () => {
    const others = [1, 2, 3].flatMap((run) => [runOf(run), runOf(run + 10, { service: "db", restarts: run })]);
    expect(shown(queueOf(...others).take(ALL))).toEqual(["1x+0", "11x+0", "3x+1", "13x+1"]);
  });

  test("stand before what has come since when they are put back", () => {
    const queue = queueOf(eventOf(1), runOf(2));
    const taken = queue.take(ALL);
    queue.add(eventOf(3, { message: "later" }));
    queue.putBack(taken);
    expect(shown(queue.take(ALL))).toEqual(["1 added", "2x+0", "later"]);
  });

  test("are bounded in number, and what finds no room is counted", () => {
    const queue = queueOf(...Array.from({ length: MOST_WAITING + 5 }, (_, index) => eventOf(index)));
    expect(queue.takeLost()).toBe(5);
    expect(queue.takeLost()).toBe(0);
    expect(queue.take(ALL)).toHaveLength(MOST_WAITING);
  });

  test("are bounded in what services have said, and keep the rest of their reports", () => {
    const lines = [{ at: second(1), stream: "stdout", text: "x".repeat(MOST_WAITING_TEXT / 4) } as const];
    const report = { lines, areLinesOlder: false, own: [] };
    const large = (run: number) => runOf(run, { service: `s${run}`, end: endOf({ report }) });
    const kept = queueOf(...Array.from({ length: 6 }, (_, index) => large(index))).take(ALL);
    const reports = kept.map((entry) => (entry.tag === "run" ? entry.end?.report : null));
    expect(reports.map((each) => each?.lines?.length)).toEqual([1, 1, 1, 1, undefined, undefined]);
    expect(reports.every((each) => each !== null)).toBe(true);
  });
});
