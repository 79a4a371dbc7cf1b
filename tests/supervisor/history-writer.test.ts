import { describe, expect, test } from "bun:test";
import type { HistoryAnswer, HistoryQuestion } from "../../src/core/history-view.ts";
import { millis } from "../../src/core/units.ts";
import type { HistoryThreadListener, ToHistory } from "../../src/supervisor/history-messages.ts";
import { MOST_WAITING } from "../../src/supervisor/history-queue.ts";
import { HistoryWriter, MOST_AT_ONCE } from "../../src/supervisor/history-writer.ts";
import { eventOf } from "../core/literal-history.ts";
import { LiteralTimers } from "./literal-timers.ts";

const POLICY = { keep: 10, keepAge: millis(86_400_000), keepSize: 1_048_576, lines: 50 };
const QUESTION: HistoryQuestion = { tag: "list", patterns: [], since: null, most: 5 };
const NOTHING: HistoryAnswer = { tag: "list", lines: [], unknown: [], services: [] };

interface Thread {
  readonly posted: ToHistory[];
  readonly listener: HistoryThreadListener;
  isEnded: boolean;
}

/** A writer whose threads are literals: they do nothing but take note. */
function writerOf(policy = POLICY) {
  const timers = new LiteralTimers();
  const threads: Thread[] = [];
  const reports: string[] = [];
  let refusal: string | null = null;
  const writer = new HistoryWriter({
    start(listener) {
      if (refusal !== null) throw new Error(refusal);
      const thread: Thread = { posted: [], listener, isEnded: false };
      threads.push(thread);
      return { post: (message) => void thread.posted.push(message), end: () => void (thread.isEnded = true) };
    },
    timers,
    report: (severity, message) => void reports.push(`${severity}: ${message}`),
    path: "/state/history.db",
    session: "one",
    policy,
    rested: () => void reports.push("rested"),
  });
  const last = (): Thread => {
    const thread = threads.at(-1);
    if (thread === undefined) throw new Error("there is no thread");
    return thread;
  };
  return {
    writer,
    timers,
    threads,
    reports,
    last,
    refuse: (reason: string | null) => void (refusal = reason),
    tags: () => last().posted.map(({ tag }) => tag),
    stored: (problem: string | null = null) => last().listener.said({ tag: "stored", problem }),
    /** How many entries the last batch has. */
    batch: () => last().posted.findLast((message) => message.tag === "store")?.entries.length ?? 0,
  };
}

describe("the thread that keeps the history", () => {
  test("is there only while there is something to write, and what comes together goes together", () => {
    const { writer, timers, threads, reports, tags, stored, last, batch } = writerOf();
    expect(threads).toHaveLength(0);
    writer.keep(eventOf(1));
    writer.keep(eventOf(2, { message: "2 added" }));
    expect(threads).toHaveLength(0);
    timers.passTime(500);
    expect(tags()).toEqual(["begin", "store"]);
    expect(batch()).toBe(2);
    stored();
    timers.passTime(2999);
    expect(tags()).toEqual(["begin", "store"]);
    timers.passTime(1);
    expect(tags()).toEqual(["begin", "store", "close"]);
    last().listener.said({ tag: "closed" });
    expect(last().isEnded).toBe(true);
    expect(reports).toEqual(["rested"]);
  });

  test("is never begun if nothing is to be kept", () => {
    const { writer, timers, threads } = writerOf({ ...POLICY, keep: 0 });
    writer.keep(eventOf(1));
    timers.passTime(10_000);
    expect(threads).toHaveLength(0);
  });

  test("is not begun in a rush of entries, unless very many wait", () => {
    const { writer, timers, threads } = writerOf();
    let number = 0;
    const rush = (count: number): void => {
      for (let left = count; left > 0; left--) writer.keep(eventOf(++number, { message: `${number}` }));
    };
    rush(100);
    for (let round = 0; round < 3; round++) {
      timers.passTime(400);
      rush(100);
      timers.passTime(100);
    }
    expect(threads).toHaveLength(0);
    timers.passTime(500);
    expect(threads).toHaveLength(1);
    const other = writerOf();
    other.writer.keep(eventOf(1));
    for (let next = 2; next <= MOST_WAITING; next++) other.writer.keep(eventOf(next, { message: `${next}` }));
    other.timers.passTime(500);
    expect(other.threads).toHaveLength(1);
  });

  test("is given one batch at a time", () => {
    const { writer, timers, stored, batch, tags } = writerOf();
    writer.keep(eventOf(1));
    timers.passTime(500);
    for (let number = 2; number < 7; number++) writer.keep(eventOf(number, { message: `${number}` }));
    timers.passTime(5_000);
    expect(tags()).toEqual(["begin", "store"]);
    stored();
    timers.passTime(500);
    expect(tags()).toEqual(["begin", "store", "store"]);
    expect(batch()).toBe(5);
  });

  test("that dies is followed by another one, which is given all that the dead one had not written", () => {
    const { writer, timers, threads, reports, batch, last } = writerOf();
    writer.keep(eventOf(1));
    timers.passTime(500);
    last().listener.ended();
    writer.keep(eventOf(2, { message: "2 added" }));
    expect(reports).toContain("warning: cannot keep the history: its thread died; trying again");
    timers.passTime(60_000);
    expect(threads).toHaveLength(2);
    expect(batch()).toBe(2);
  });

  test("that cannot be begun is tried again", () => {
    const { writer, timers, threads, reports, refuse, stored } = writerOf();
    refuse("no thread to give");
    writer.keep(eventOf(1));
    timers.passTime(10_000);
    expect(reports).toEqual(["warning: cannot keep the history: no thread to give; trying again"]);
    refuse(null);
    timers.passTime(60_000);
    expect(threads).toHaveLength(1);
    stored();
    expect(reports.at(-1)).toBe("notice: the history is kept again, nothing of it is lost");
  });
});

describe("what cannot be written", () => {
  test("is tried again, less and less often, and said once", () => {
    const { writer, timers, reports, stored, tags } = writerOf();
    writer.keep(eventOf(1));
    timers.passTime(500);
    const stores = (): number => tags().filter((tag) => tag === "store").length;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const before = stores();
      stored("cannot keep the history: the disk is full");
      let waited = 0;
      for (; stores() === before; waited += 500) timers.passTime(500);
      waits.push(waited);
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000]);
    stored();
    expect(reports).toEqual([
      "warning: cannot keep the history: the disk is full; trying again",
      "notice: the history is kept again, nothing of it is lost",
    ]);
  });

  test("is bounded, and what there was no room for is counted", () => {
    const { writer, timers, reports, stored, batch } = writerOf();
    writer.keep(eventOf(0));
    timers.passTime(500);
    for (let number = 1; number < MOST_WAITING + 11; number++) writer.keep(eventOf(number, { message: `${number}` }));
    stored();
    let written = 0;
    for (let size = batch(); written < MOST_WAITING; size = batch()) {
      expect(size).toBe(MOST_AT_ONCE);
      written += size;
      stored();
      timers.passTime(500);
    }
    expect(reports).toEqual(["notice: the history is kept again, 10 entries of it are lost"]);
  });

  test("because the disk does not answer is said", () => {
    const { writer, timers, reports } = writerOf();
    writer.keep(eventOf(1));
    timers.passTime(10_500);
    expect(reports).toEqual(["warning: cannot keep the history: the disk does not answer; trying again"]);
  });
});

describe("a question", () => {
  test("is asked after all that was kept before", async () => {
    const { writer, tags, stored, last } = writerOf();
    for (let number = 1; number <= MOST_AT_ONCE + 1; number++) writer.keep(eventOf(number, { message: `${number}` }));
    const answer = writer.ask(QUESTION);
    expect(tags()).toEqual(["begin", "store"]);
    stored();
    expect(tags()).toEqual(["begin", "store", "store"]);
    stored();
    expect(tags()).toEqual(["begin", "store", "store", "ask"]);
    last().listener.said({ tag: "answer", token: 1, answer: NOTHING });
    expect(await answer).toEqual(NOTHING);
  });

  test("that comes while the file is being closed is asked of the next thread", async () => {
    const { writer, timers, threads, stored, tags, last } = writerOf();
    writer.keep(eventOf(1));
    timers.passTime(500);
    stored();
    timers.passTime(5_000);
    const answer = writer.ask(QUESTION);
    last().listener.said({ tag: "closed" });
    expect(threads).toHaveLength(2);
    expect(tags()).toEqual(["begin", "ask"]);
    last().listener.said({ tag: "answer", token: 1, answer: NOTHING });
    expect(await answer).toEqual(NOTHING);
  });

  test("is not waited for without end", async () => {
    const { writer, timers } = writerOf();
    const answer = writer.ask(QUESTION);
    timers.passTime(10_000);
    expect(await answer).toMatchObject({ tag: "failed" });
  });
});

describe("the end", () => {
  test("waits until all is written and the file closed", async () => {
    const { writer, stored, tags, last } = writerOf();
    writer.keep(eventOf(1));
    const closed = writer.close(millis(1000));
    expect(tags()).toEqual(["begin", "store"]);
    stored();
    expect(tags()).toEqual(["begin", "store", "close"]);
    last().listener.said({ tag: "closed" });
    await closed;
    expect(last().isEnded).toBe(true);
  });

  test("does not wait for a disk that does not answer", async () => {
    const { writer, timers, last } = writerOf();
    writer.keep(eventOf(1));
    const closed = writer.close(millis(1000));
    timers.passTime(1000);
    await closed;
    expect(last().isEnded).toBe(true);
  });

  test("is at once if there was nothing", async () => {
    const { writer, threads } = writerOf();
    await writer.close(millis(1000));
    expect(threads).toHaveLength(0);
  });
});
