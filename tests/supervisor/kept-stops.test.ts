import { describe, expect, test } from "bun:test";
import { type StopSources, KeptStops, putTogether } from "../../src/supervisor/kept-stops.ts";
import type { Remembered } from "../../src/supervisor/predecessor.ts";
import { LiteralTimers } from "./literal-timers.ts";

const memory = (service: string, want: Remembered["want"]): Remembered => ({
  service,
  want,
  invocation: null,
  main: null,
  isMainGone: false,
  exit: null,
});

/** Wants as they are remembered, by service. */
function wantsOf(sources: StopSources): Readonly<Record<string, Remembered["want"]>> {
  return Object.fromEntries(putTogether(sources).map(({ service, want }) => [service, want]));
}

describe("what is remembered", () => {
  const mapped = [memory("a", "down"), memory("b", null), memory("c", "up")];
  const kept = new Set(["b", "d"]);

  test("is what the mapping says where it is newer, and of others what the file says", () => {
    expect(wantsOf({ mapped, isMappingNewer: true, kept })).toEqual({ a: "down", b: null, c: "up", d: "down" });
  });

  test("is what the file says after a boot, whatever an old mapping says", () => {
    expect(wantsOf({ mapped, isMappingNewer: false, kept })).toEqual({ a: null, b: "down", c: null, d: "down" });
  });

  test("is what the mapping says where there is no file that can be read", () => {
    for (const isMappingNewer of [true, false])
      expect(wantsOf({ mapped, isMappingNewer, kept: null })).toEqual({ a: "down", b: null, c: "up" });
  });

  test("keeps what the mapping says of processes", () => {
    const main = { pid: 7, startTicks: 8 };
    const ran = { ...memory("b", null), invocation: "f".repeat(32), main, isMainGone: false, exit: null };
    expect(putTogether({ mapped: [ran], isMappingNewer: false, kept })).toContainEqual({ ...ran, want: "down" });
  });
});

/** Stops that are kept on a disk of which each write ends when the test says so. */
function kept(stopped: ReadonlySet<string> | null = new Set()) {
  const timers = new LiteralTimers();
  const writes: { readonly names: readonly string[]; readonly end: (problem: string | null) => void }[] = [];
  const reports: string[] = [];
  const stops = new KeptStops(stopped, {
    write: (services) => new Promise((end) => writes.push({ names: [...services], end })),
    report: (_, message) => reports.push(message),
    timers,
  });
  /** Ends the next write; returns what was written. */
  const written = async (problem: string | null = null): Promise<readonly string[]> => {
    await Bun.sleep(0);
    const next = writes.shift();
    if (next === undefined) throw new Error("nothing is being written");
    next.end(problem);
    await Bun.sleep(0);
    return next.names;
  };
  return { stops, timers, writes, reports, written };
}

async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await Bun.sleep(0);
  return over;
}

describe("a stop", () => {
  test("is answered once it is on the disk", async () => {
    const { stops, timers, written } = kept();
    const answer = stops.set("db", true);
    expect(await isOver(answer)).toBe(false);
    expect(await written()).toEqual(["db"]);
    expect(await isOver(answer)).toBe(true);
    expect(timers.waiting).toEqual([]);
  });

  test("of a service that is stopped already, or a start of one that is not, writes nothing", async () => {
    const { stops, writes } = kept(new Set(["db"]));
    expect(await isOver(Promise.all([stops.set("db", true), stops.set("web", false)]))).toBe(true);
    expect(writes).toEqual([]);
  });

  test("of many services at once is written once; what comes meanwhile is written after it, once", async () => {
    const { stops, writes, written } = kept();
    const first = [stops.set("a", true), stops.set("b", true)];
    await Bun.sleep(0);
    const second = [stops.set("c", true), stops.set("a", false)];
    expect(await written()).toEqual(["a", "b"]);
    expect(await isOver(Promise.race(second))).toBe(false);
    expect((await written()).toSorted()).toEqual(["b", "c"]);
    expect(await isOver(Promise.all([...first, ...second]))).toBe(true);
    expect(writes).toEqual([]);
  });

  test("that cannot be written is told once, answered all the same, and written with the next", async () => {
    const { stops, reports, written } = kept();
    const answer = stops.set("a", true);
    await written("cannot write it: ENOSPC");
    expect(await isOver(answer)).toBe(true);
    void stops.set("b", true);
    await written("cannot write it: ENOSPC");
    expect(reports).toEqual(["cannot write it: ENOSPC; what was stopped by hand is started again after a reboot"]);
    void stops.settled();
    expect((await written()).toSorted()).toEqual(["a", "b"]);
    void stops.set("c", true);
    await written("cannot write it: EIO");
    expect(reports).toHaveLength(2);
  });

  test("waits for a disk that does not answer for 2 s, and says so", async () => {
    const { stops, timers, reports, written } = kept();
    const answer = stops.set("a", true);
    timers.passTime(1_999);
    expect(await isOver(answer)).toBe(false);
    timers.passTime(1);
    expect(await isOver(answer)).toBe(true);
    expect(reports).toEqual(["cannot note what was stopped by hand: the disk has not answered within 2s"]);
    expect(await written()).toEqual(["a"]);
  });
});

test("at the start the file is made what counts from then on, and written anew if it could not be read", async () => {
  const { stops, written } = kept(new Set(["gone", "b"]));
  stops.begin([memory("a", "down"), memory("b", null), memory("gone", "down")]);
  expect((await written()).toSorted()).toEqual(["a", "gone"]);
  const damaged = kept(null);
  damaged.stops.begin([]);
  expect(await damaged.written()).toEqual([]);
});
