import { expect, test } from "bun:test";
import fc from "fast-check";
import { signalNameOf } from "../../src/core/signal-names.ts";
import { findProcess, isFoundProcess } from "../../src/os/state-found.ts";
import {
  FREE_RECORD,
  nextSequence,
  readChildWord,
  readRecord,
  RECORD_SIZE,
  writeRecord,
  type Phase,
  type StateRecord,
  type Want,
} from "../../src/os/state-record.ts";

const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => bytes.toHex());
const exits: fc.Arbitrary<StateRecord["exit"]> = fc.oneof(
  fc.constant(null),
  fc.record({ tag: fc.constant("code" as const), code: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    tag: fc.constant("signal" as const),
    signal: fc.constantFrom("SIGKILL", "SIGSEGV", signalNameOf(40)),
    dumped: fc.boolean(),
  }),
);
const anyRecords: fc.Arbitrary<StateRecord> = fc.record({
  name: fc.string({ unit: "binary", minLength: 1, maxLength: 16 }),
  want: fc.constantFrom<Want>("configured", "up", "down"),
  phase: fc.constantFrom<Phase>("free", "intent", "running", "exited"),
  pid: fc.integer({ min: 0, max: 0xffffffff }),
  exit: exits,
  startTicks: fc.maxSafeNat(),
  invocationId: hex(16),
  intentNs: fc.maxSafeNat(),
});
/** Who has a process has not ended. */
const records = anyRecords.map((record) =>
  record.phase === "exited" ? { ...record, pid: 0 } : { ...record, exit: null },
);
const sequences = fc.oneof(fc.integer({ min: 1, max: 0xffffffff }), fc.constantFrom(1, 2, 0xfffffffe, 0xffffffff));

test("a record is read as it was written", () => {
  fc.assert(
    fc.property(records, sequences, (record, sequence) => {
      const bytes = new Uint8Array(RECORD_SIZE);
      writeRecord(bytes, record, sequence);
      expect(readRecord(bytes)).toEqual({ tag: "ok", record, sequence });
    }),
  );
});

test("whichever stores of a write were done when the writer was killed, the reader sees the record before or after it", () => {
  const cuts = fc.record({
    history: fc.array(records, { minLength: 1, maxLength: 4 }),
    next: records,
    first: sequences,
  });
  fc.assert(
    fc.property(cuts, fc.infiniteStream(fc.boolean()), ({ history, next, first }, wasStored) => {
      const before = new Uint8Array(RECORD_SIZE);
      let sequence = first;
      for (const record of history) {
        writeRecord(before, record, sequence);
        sequence = nextSequence(sequence);
      }
      const after = before.slice();
      writeRecord(after, next, sequence);
      const allowed = [JSON.stringify(history.at(-1)), JSON.stringify(next)];
      const seen = (bytes: Uint8Array) => {
        const reading = readRecord(bytes);
        return reading.tag === "ok" ? JSON.stringify(reading.record) : reading.tag;
      };
      for (let cut = 0; cut <= RECORD_SIZE; cut++) {
        const torn = before.slice();
        torn.set(after.subarray(0, cut));
        expect(allowed).toContain(seen(torn));
      }
      expect(allowed).toContain(
        seen(before.map((byte, index) => (wasStored.next().value === true ? (after[index] ?? 0) : byte))),
      );
      expect(seen(after)).toBe(JSON.stringify(next));
    }),
    { numRuns: 50 },
  );
});

test("sequence numbers wrap without a jump backwards and never become 0", () => {
  const bytes = new Uint8Array(RECORD_SIZE);
  let sequence = 0xfffffffd;
  for (let pid = 1; pid < 10; pid++) {
    writeRecord(bytes, { ...FREE_RECORD, pid }, sequence);
    const reading = readRecord(bytes);
    expect(reading.tag === "ok" ? reading.record.pid : reading.tag).toBe(pid);
    sequence = nextSequence(sequence);
    expect(sequence).not.toBe(0);
  }
});

test("no garbage is taken for a record", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: RECORD_SIZE, maxLength: RECORD_SIZE }), (bytes) => {
      expect(readRecord(bytes).tag).toBe(bytes.some((byte) => byte !== 0) ? "damaged" : "blank");
    }),
  );
});

test("what the child writes is read beside the slots", () => {
  const bytes = new Uint8Array(RECORD_SIZE);
  writeRecord(bytes, FREE_RECORD, 1);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 4711, true);
  view.setUint32(4, 1, true);
  view.setBigUint64(8, 123_456_789_012_345n, true);
  expect(readChildWord(bytes)).toEqual({ pid: 4711, goesOn: true, timeNs: 123_456_789_012_345 });
  expect(readRecord(bytes)).toEqual({ tag: "ok", record: FREE_RECORD, sequence: 1 });
});

const INTENT: StateRecord = {
  ...FREE_RECORD,
  name: "a",
  phase: "intent",
  intentNs: 5_009_999_999,
  invocationId: "ab".repeat(16),
};
const RUNNING: StateRecord = { ...INTENT, phase: "running", pid: 7, startTicks: 501 };

const SEEN_BY_CHILD = { pid: 9, goesOn: true, timeNs: 5_030_000_000 };
const RECOGNIZED = [
  {
    what: "an intent whose child has not written its pid",
    record: INTENT,
    child: { pid: 0, goesOn: false, timeNs: 0 },
    ticks: [],
  },
  { what: "an intent whose child has", record: INTENT, child: SEEN_BY_CHILD, ticks: [500, 501, 502, 503] },
  {
    what: "an intent whose child's time was lost",
    record: INTENT,
    child: { pid: 9, goesOn: true, timeNs: 0 },
    ticks: [500, 501, 502, 503, 504, 505],
  },
  { what: "a running process, whatever its child word", record: RUNNING, child: SEEN_BY_CHILD, ticks: [501] },
  { what: "one that has exited", record: { ...RUNNING, phase: "exited" as const }, child: SEEN_BY_CHILD, ticks: [] },
];

test.each(RECOGNIZED)("$what is recognized by its start time", ({ record, child, ticks }) => {
  const found = findProcess(record, child);
  expect([498, 499, 500, 501, 502, 503, 504, 505].filter((start) => isFoundProcess(found, start))).toEqual(ticks);
});
