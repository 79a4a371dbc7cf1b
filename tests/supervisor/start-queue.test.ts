import { describe, expect, test } from "bun:test";
import { StartQueue } from "../../src/supervisor/start-queue.ts";
import { LiteralTimers } from "./literal-timers.ts";

/** A queue whose starts take some milliseconds each. */
function queued({ each, names }: { each: number; names: readonly string[] }) {
  const timers = new LiteralTimers();
  const started: string[] = [];
  const queue: StartQueue = new StartQueue(timers, timers, (service) => {
    started.push(service);
    timers.time += each;
  });
  for (const name of names) queue.add(name);
  return { timers, started, queue };
}

const TEN = Array.from({ length: 10 }, (_, index) => `s${index}`);

describe("the queue of starts", () => {
  test("starts nothing in the turn in which it is asked", () => {
    const { queue, started } = queued({ each: 1, names: TEN });
    expect([started, queue.isEmpty]).toEqual([[], false]);
  });

  test("starts in order", () => {
    const { timers, queue, started } = queued({ each: 1, names: TEN });
    timers.turns();
    expect([started, queue.isEmpty]).toEqual([TEN, true]);
  });

  test("lets the loop turn every 20 ms, so that clients are answered in between", () => {
    const { timers, started } = queued({ each: 7, names: TEN });
    const counts = [];
    while (timers.turn()) counts.push(started.length);
    expect(counts).toEqual([3, 6, 9, 10]);
  });

  test("starts at least one in a turn, however long that takes", () => {
    const { timers, started } = queued({ each: 500, names: TEN });
    timers.turn();
    expect(started).toEqual(["s0"]);
  });

  test("forgets what has not been started yet when it is cleared, and goes on with what comes then", () => {
    const { timers, queue, started } = queued({ each: 7, names: TEN });
    timers.turn();
    queue.clear();
    expect(queue.isEmpty).toBe(true);
    timers.turns();
    expect(started).toEqual(["s0", "s1", "s2"]);
    queue.add("later");
    timers.turns();
    expect(started).toEqual(["s0", "s1", "s2", "later"]);
  });

  test("takes up what is added, or cleared, by a start", () => {
    const timers = new LiteralTimers();
    const started: string[] = [];
    const queue: StartQueue = new StartQueue(timers, timers, (service) => {
      started.push(service);
      if (service === "a") queue.add("c");
      if (service === "c") queue.clear();
    });
    for (const name of ["a", "b"]) queue.add(name);
    timers.turns();
    expect(started).toEqual(["a", "b", "c"]);
    queue.add("d");
    timers.turns();
    expect(started).toEqual(["a", "b", "c", "d"]);
  });
});
