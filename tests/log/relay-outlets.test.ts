import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LogLoss } from "../../src/core/log-loss.ts";
import { EVERY_LINE, LOG_STREAMS, type RemoteSinkPolicy } from "../../src/core/log-policy.ts";
import { LineFramer } from "../../src/log/line-framer.ts";
import { RelayLine } from "../../src/log/relay-line.ts";
import { Relay } from "../../src/log/relay.ts";
import { costOf, type RelayOrder } from "../../src/log/relay-messages.ts";
import type { Parcel } from "../../src/log/relay-outlet.ts";
import { RelaySink } from "../../src/log/relay-sinks.ts";
import type { Source } from "../../src/log/source.ts";
import { StreamOutlet } from "../../src/log/stream-outlet.ts";

const POLICY: RemoteSinkPolicy = {
  type: "remote",
  name: "central",
  streams: LOG_STREAMS,
  filter: EVERY_LINE,
  server: { protocol: "tcp", host: "127.0.0.1", port: 601, ca: null, serverName: null },
  facility: "local0",
  appName: null,
  buffer: 4096,
  whenSlow: "drop",
};
const SOURCE: Source = { service: "web", pid: 7, stream: "stdout", at: 1_767_323_045_678_901, pipe: {} };

/** A sink and a relay, with the server between them played by the test. */
function makeRelayed(policy: RemoteSinkPolicy = POLICY) {
  const parcels: Parcel[] = [];
  const reports: string[] = [];
  const losses: LogLoss[] = [];
  const relay = new Relay(() => ({
    push: (parcel) => void parcels.push(parcel),
    settle: () => Promise.resolve(),
    close: () => undefined,
  }));
  const line = new RelayLine("test", (order: RelayOrder) => relay.handle(structuredClone(order)));
  const sink = new RelaySink(policy, line, {
    service: "web",
    report: (message) => void reports.push(message),
    lost: (loss) => void losses.push(loss),
    underway: () => undefined,
    wakeAt: () => undefined,
  });
  const write = (text: string, at = SOURCE.at): void => {
    const bytes = Buffer.from(text);
    sink.write({ bytes, start: 0, end: bytes.length, continues: false, unfinished: false }, { ...SOURCE, at });
  };
  const texts = (): string[] =>
    parcels.flatMap(({ bytes, ends }) =>
      ends.map((end, index) => new TextDecoder().decode(bytes.subarray(ends[index - 1] ?? 0, end))),
    );
  return { line, sink, write, parcels, reports, losses, texts };
}

describe("what is handed to the relay", () => {
  test("is a message of RFC 5424 for each line but for empty ones", () => {
    const { line, write, texts } = makeRelayed();
    line.renew();
    write("hello\n\n<3>bad\tthing\n");
    expect(texts().map((text) => text.replace(/ [^ ]+ web /, " HOST web "))).toEqual([
      "<134>1 2026-01-02T03:04:05.678901Z HOST web 7 - - hello",
      "<131>1 2026-01-02T03:04:05.678901Z HOST web 7 - - bad\tthing",
    ]);
  });

  test("waits until there is a relay", () => {
    const { line, write, texts } = makeRelayed();
    write("early\n");
    expect(texts()).toEqual([]);
    line.renew();
    write("later\n");
    expect(texts().map((text) => text.split(" ").at(-1))).toEqual(["early", "later"]);
  });

  test("is bounded by the buffer; the rest is counted, and said once at either end", () => {
    const { line, write, parcels, reports, losses } = makeRelayed();
    line.renew();
    for (let index = 0; index < 100; index++) write(`${"x".repeat(100)}\n`);
    const taken = parcels.length;
    expect(losses).toEqual(Array(100 - taken).fill({ sink: "central", reason: "slow", lines: 1 }));
    expect(parcels.reduce((sum, parcel) => sum + costOf(parcel), 0)).toBeLessThanOrEqual(POLICY.buffer);
    expect(reports).toEqual([
      'cannot log to "central": it does not keep up, and its buffer is full; lines are dropped',
    ]);
    for (const parcel of parcels) parcel.done();
    write("too soon to be news\n", SOURCE.at + 999_999);
    expect(reports).toHaveLength(1);
    write("again\n", SOURCE.at + 1_000_000);
    expect(reports.slice(1)).toEqual([`"central" takes lines again: ${100 - taken} lines were dropped`]);
  });

  test("goes to another relay when the first is no more, which owes nothing for what that had", () => {
    const { line, write, parcels, reports } = makeRelayed();
    line.renew();
    for (let index = 0; index < 100; index++) write(`${"x".repeat(100)}\n`);
    const taken = parcels.length;
    line.renew();
    write("to the new one\n", SOURCE.at + 1_000_000);
    expect([parcels.length, reports.length]).toEqual([taken + 1, 2]);
  });
});

describe("a sink that the service waits for", () => {
  const second = 1_000_000;
  const blocking = { ...POLICY, whenSlow: "block" } as const;

  test("holds it from the moment that the buffer is full until something was taken, and loses nothing", () => {
    const { line, sink, write, parcels, reports, texts } = makeRelayed(blocking);
    line.renew();
    expect(sink.isHeld(SOURCE.at)).toBe(false);
    let written = 0;
    for (; !sink.isHeld(SOURCE.at); written++) write(`${"x".repeat(100)}\n`);
    // What has been read already is still taken.
    write("one more\n");
    expect(texts()).toHaveLength(written + 1);
    for (const parcel of parcels) parcel.done();
    expect(sink.isHeld(SOURCE.at)).toBe(false);
    expect(reports).toEqual([]);
  });

  test("holds it on while it takes a little now and then", () => {
    const { line, sink, write, parcels } = makeRelayed(blocking);
    line.renew();
    while (!sink.isHeld(SOURCE.at)) write(`${"x".repeat(1000)}\n`);
    for (let round = 1; round <= 10; round++) {
      parcels[0]?.took(10);
      expect(sink.isHeld(SOURCE.at + round * 4 * second)).toBe(true);
    }
  });

  test("lets it go when it has taken nothing for five seconds, counts what it drops, and holds it again once it is back", () => {
    const { line, sink, write, parcels, reports } = makeRelayed(blocking);
    line.renew();
    while (!sink.isHeld(SOURCE.at)) write(`${"x".repeat(1000)}\n`);
    expect(sink.isHeld(SOURCE.at + 5 * second - 1)).toBe(true);
    expect(sink.isHeld(SOURCE.at + 5 * second)).toBe(false);
    write("dropped\n", SOURCE.at + 5 * second);
    expect(reports).toEqual([
      'cannot log to "central": it does not keep up, and its buffer is full; lines are dropped',
    ]);
    for (const parcel of parcels) parcel.done();
    write("taken\n", SOURCE.at + 7 * second);
    expect(reports.slice(1)).toEqual(['"central" takes lines again: 1 line was dropped']);
    while (!sink.isHeld(SOURCE.at + 8 * second)) write(`${"x".repeat(1000)}\n`, SOURCE.at + 8 * second);
    expect(reports).toHaveLength(2);
  });
});

/** A connection that the test opens, reads and ends. */
class FakeServer {
  text = "";
  connections = 0;
  #listener: { opened(): void; ended(reason: string): void } | null = null;
  #done: (() => void)[] = [];

  readonly connect = (listener: { opened(): void; ended(reason: string): void }) => {
    this.connections++;
    this.#listener = listener;
    return {
      write: (bytes: Uint8Array, done: () => void) => {
        this.text += new TextDecoder().decode(bytes);
        this.#done.push(done);
      },
      destroy: () => undefined,
    };
  };

  open(): void {
    this.#listener?.opened();
  }

  take(): void {
    for (const done of this.#done.splice(0)) done();
  }

  end(): void {
    this.#done = [];
    this.#listener?.ended("ECONNRESET");
  }
}

function parcelOf(...records: readonly string[]): Parcel & { isDone: boolean } {
  let end = 0;
  const encoded = records.map((record) => Buffer.from(record));
  const parcel = {
    bytes: Buffer.concat(encoded),
    ends: encoded.map((bytes) => (end += bytes.length)),
    lines: null,
    isDone: false,
    took: () => undefined,
    done: () => void (parcel.isDone = true),
    lost: () => undefined,
  };
  return parcel;
}

/** The records of a stream by octet counting. */
function recordsOf(stream: string): string[] {
  const records: string[] = [];
  let bytes = Buffer.from(stream);
  while (bytes.length > 0) {
    const blank = bytes.indexOf(0x20);
    const end = blank + 1 + Number(bytes.subarray(0, blank).toString());
    records.push(bytes.subarray(blank + 1, end).toString());
    bytes = bytes.subarray(end);
  }
  return records;
}

describe("a stream to a server", () => {
  test("counts the octets of each record, whatever is in it", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1 }), (records) => {
        const server = new FakeServer();
        const outlet = new StreamOutlet("tcp://x", server.connect, () => undefined);
        outlet.push(parcelOf(...records));
        server.open();
        expect(recordsOf(server.text)).toEqual(records);
      }),
    );
  });

  test("sends again what the kernel had not taken when the connection ended, and says so once", async () => {
    const server = new FakeServer();
    const reports: string[] = [];
    const outlet = new StreamOutlet("tcp://x", server.connect, (message) => void reports.push(message));
    const [first, second] = [parcelOf("one"), parcelOf("two")];
    outlet.push(first);
    server.open();
    server.take();
    outlet.push(second);
    expect([first.isDone, second.isDone]).toEqual([true, false]);
    server.end();
    // It tries again by itself, after a moment of its own.
    while (server.connections < 2) await Bun.sleep(5);
    server.end();
    while (server.connections < 3) await Bun.sleep(5);
    server.text = "";
    server.open();
    server.take();
    await outlet.settle();
    expect(recordsOf(server.text)).toEqual(["two"]);
    expect(second.isDone).toBe(true);
    expect(reports).toEqual([
      'cannot send logs to "tcp://x": ECONNRESET; they wait in memory',
      '"tcp://x" is reached again',
    ]);
    outlet.close();
  });

  test("connects only when there is something to be sent", () => {
    const server = new FakeServer();
    const outlet = new StreamOutlet("tcp://x", server.connect, () => undefined);
    expect(server.connections).toBe(0);
    outlet.push(parcelOf("one"));
    expect(server.connections).toBe(1);
  });
});

test("a line that is cut anywhere on its way from the pipe is the same message", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "é", " ", "<", "3", ">"), maxLength: 20 });
  fc.assert(
    fc.property(fc.array(word), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (lines, cuts) => {
      const { line, sink, texts } = makeRelayed({ ...POLICY, buffer: 1_000_000 });
      line.renew();
      const framer = new LineFramer(64);
      const buffer = new Uint8Array(129);
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(""));
      for (let from = 0, turn = 0; from < bytes.length; turn++) {
        const piece = bytes.subarray(from, from + (cuts[turn % cuts.length] ?? 1));
        const offset = framer.begin(buffer);
        buffer.set(piece, offset);
        for (const block of framer.take(buffer, offset + piece.length)) sink.write(block, SOURCE);
        from += piece.length;
      }
      const expected = lines.map((each) => each.replace(/^<3>/, "")).filter((each) => each.trim() !== "");
      expect(texts().map((text) => text.slice(text.indexOf(" - - ") + 5))).toEqual(expected);
    }),
  );
});
