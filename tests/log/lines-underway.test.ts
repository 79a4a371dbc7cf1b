/* Lines between a service and a file for which it does not wait: how they are counted, and when the pipe between may be let go of. */
import { describe, expect, test } from "bun:test";
import { LinesUnderway } from "../../src/log/lines-underway.ts";
import { PipeOutlets } from "../../src/log/pipe-outlets.ts";
import type { RelayedSink } from "../../src/log/relay-line.ts";
import type { Parcel } from "../../src/log/relay-outlet.ts";
import { RelayPipes } from "../../src/log/relay-pipes.ts";

const READER = "web>1";

describe("lines on their way", () => {
  function underwayOf(begin: number) {
    const sink = { generation: 0, sent: begin, taken: begin, lost: 0 };
    const seen = { underway: 0, lost: 0, wakeAt: 0 };
    const lines = new LinesUnderway(sink as unknown as RelayedSink, {
      underway: (delta) => (seen.underway += delta),
      lost: (count) => (seen.lost += count),
      wakeAt: (at) => (seen.wakeAt = at),
    });
    const send = (count: number, cost: number, at: number): void => {
      sink.sent = (sink.sent + cost) | 0;
      lines.add(count, at);
    };
    return { sink, seen, lines, send };
  }

  test.each([0, 2 ** 31 - 150])("are those of stretches of which a part is taken, from %d on", (begin) => {
    const { sink, seen, lines, send } = underwayOf(begin);
    send(3, 100, 0);
    send(4, 100, 1);
    send(5, 100, 2);
    for (const [taken, left] of [
      [99, 12],
      [100, 9],
      [199, 9],
      [250, 5],
      [300, 0],
    ] as const) {
      sink.taken = (begin + taken) | 0;
      lines.look(10);
      expect([taken, lines.count, seen.underway]).toEqual([taken, { sent: 12, left }, left]);
    }
    expect(seen.lost).toBe(0);
  });

  test("are lost with their relay, and those alone that it had not taken", () => {
    const { sink, seen, lines, send } = underwayOf(0);
    send(3, 100, 0);
    sink.taken = 100;
    lines.look(1);
    send(4, 100, 2);
    Object.assign(sink, { generation: 1, sent: 0, taken: 0 });
    send(5, 70, 3);
    expect([seen.lost, seen.underway]).toEqual([4, 5]);
  });

  test("are lost where the relay gives them up, once", () => {
    const { sink, seen, lines, send } = underwayOf(0);
    send(3, 100, 0);
    Object.assign(sink, { taken: 100, lost: 2 });
    lines.look(1);
    lines.look(2);
    expect([seen.lost, seen.underway]).toEqual([2, 0]);
  });

  test("are looked at again though somebody else was woken before, and after the clock was set back", () => {
    const { seen, lines, send } = underwayOf(0);
    send(1, 100, 1_000_000_000);
    expect(seen.wakeAt).toBe(1_000_020_000);
    seen.wakeAt = 0;
    lines.look(1_000_010_000);
    expect(seen.wakeAt).toBe(1_000_020_000);
    lines.look(1_000);
    expect(seen.wakeAt).toBe(41_000);
  });
});

function parcelOf(text: string, lines: Parcel["lines"] = null) {
  const parcel: Parcel & { lostLines: number; isDone: boolean } = {
    bytes: Buffer.from(text),
    ends: [...text.matchAll(/\n/g)].map(({ index }) => index + 1),
    lines,
    lostLines: 0,
    isDone: false,
    took: () => undefined,
    done: () => void (parcel.isDone = true),
    lost: (lines) => void (parcel.lostLines += lines),
  };
  return parcel;
}

/** A pipe with as much room as the test gives it. */
function outletsOf() {
  const pipe = { text: "", room: 0, reports: [] as string[], losePatience: () => {}, isTorn: false };
  const outlets = new PipeOutlets({
    write(_fd, bytes, { start, end }) {
      if (pipe.room === 0) return { tag: "full" };
      const count = Math.min(pipe.room, end - start);
      pipe.room -= count;
      pipe.text += Buffer.from(bytes.subarray(start, start + count)).toString();
      return { tag: "written", count };
    },
    takenWhole: () => 4096,
    markTorn: (_fd, isTorn) => void (pipe.isTorn = isTorn),
    isMarkedTorn: () => pipe.isTorn,
    awaitRoom: () => undefined,
    report: (message) => void pipe.reports.push(message),
    patience: () => new Promise((resolve) => (pipe.losePatience = resolve)),
  });
  const giveRoom = (bytes: number): void => {
    pipe.room = bytes;
    outlets.room(READER);
  };
  return { pipe, outlets, giveRoom };
}

describe("a pipe to which nobody logs any more", () => {
  test("still gets what was sent, and is released then", async () => {
    const { pipe, outlets, giveRoom } = outletsOf();
    outlets.use(READER, 7);
    const outlet = outlets.open(READER);
    outlet.push(parcelOf("one\ntwo\n"));
    outlet.close();
    let isReleased = false;
    const released = outlets.release(READER).then(() => (isReleased = true));
    giveRoom(6);
    pipe.losePatience();
    await Promise.resolve();
    expect([pipe.text, isReleased]).toEqual(["one\ntw", false]);
    giveRoom(100);
    await released;
    expect([pipe.text, pipe.reports]).toEqual(["one\ntwo\n", []]);
  });

  test("is given up when it takes nothing, and what is lost is counted", async () => {
    const { pipe, outlets, giveRoom } = outletsOf();
    outlets.use(READER, 7);
    const outlet = outlets.open(READER);
    const [first, second] = [parcelOf("one\ntwo\n"), parcelOf("three\nfour\n", [3, 2])];
    outlet.push(first);
    outlet.push(second);
    giveRoom(4);
    outlet.close();
    const released = outlets.release(READER);
    pipe.losePatience();
    await released;
    expect([first, second].map(({ lostLines, isDone }) => [lostLines, isDone])).toEqual([
      [1, true],
      [5, true],
    ]);
    expect(pipe.reports).toEqual([
      'cannot hand on everything to "a log file of web": it takes nothing, and is not logged to any more; 6 lines are lost',
    ]);
  });

  test.each([
    [6, "one\ntw\nthree\n"],
    [4, "one\nthree\n"],
  ])("and was given up after %d bytes goes on with a line of its own", async (bytes, text) => {
    const { pipe, outlets, giveRoom } = outletsOf();
    outlets.use(READER, 7);
    const outlet = outlets.open(READER);
    outlet.push(parcelOf("one\ntwo\n"));
    giveRoom(bytes);
    outlet.close();
    const released = outlets.release(READER);
    pipe.losePatience();
    await released;
    outlets.open(READER).push(parcelOf("three\n"));
    outlets.use(READER, 7);
    // As when somebody who logs there too comes back.
    outlets.use(READER, 7);
    giveRoom(100);
    expect(pipe.text).toBe(text);
  });

  test("goes on in order if somebody logs there again meanwhile", async () => {
    const { pipe, outlets, giveRoom } = outletsOf();
    outlets.use(READER, 7);
    const first = outlets.open(READER);
    first.push(parcelOf("one\n"));
    giveRoom(2);
    first.close();
    const released = outlets.release(READER);
    outlets.open(READER).push(parcelOf("two\n"));
    outlets.use(READER, 7);
    pipe.losePatience();
    await released;
    giveRoom(100);
    expect(pipe.text).toBe("one\ntwo\n");
  });
});

test("the write end of a pipe that is used again before its release is done is not to be closed", async () => {
  const closed: number[] = [];
  const told: string[] = [];
  let [settle, full] = [(): void => {}, (): void => {}];
  const pipes = new RelayPipes({
    openWritableWatch: (fd) => fd + 100,
    close: (fd) => void closed.push(fd),
    watch: (fd) => void told.push(`watch ${fd}`),
    unwatch: () => undefined,
    relay: {
      usePipe(reader, fd, itsFull) {
        told.push(`use ${reader} ${fd}`);
        full = itsFull;
      },
      releasePipe: async (reader) => void told.push(`release ${reader}`),
      room: () => undefined,
    },
    settled: () => new Promise((resolve) => (settle = resolve)),
  });
  const freed: string[] = [];
  pipes.open(READER, 7);
  pipes.release(READER, () => freed.push("early"));
  pipes.reuse(READER);
  settle();
  await Bun.sleep(0);
  pipes.release(READER, () => freed.push("replaced"));
  settle();
  pipes.reuse(READER);
  pipes.release(READER, () => {
    freed.push("last");
    full();
    // Whoever wants it from here on is given another one.
    pipes.open(READER, 8);
  });
  settle();
  await Bun.sleep(0);
  expect(freed).toEqual(["last"]);
  const uses = [`use ${READER} 7`, `use ${READER} 7`, `use ${READER} 7`];
  expect(told).toEqual([...uses, `release ${READER}`, `use ${READER} 8`]);
  expect(closed).toEqual([107]);
  pipes.reuse(READER);
  full();
  expect(told.slice(5)).toEqual(["watch 108"]);
});
