/*
 * Where what was read of a service's output ends in a file that somebody else writes: looked for until it is of one moment. And what
 * becomes of the pipe to who writes it when the service logs elsewhere.
 */
import { describe, expect, test } from "bun:test";
import { fileReadersOf } from "../../src/core/dropped-files.ts";
import { type FileReaderPorts, FileReaders } from "../../src/log/file-readers.ts";
import type { FileMark, OutputMark, Underway } from "../../src/log/plane-messages.ts";
import { fileSink, policyOf } from "./plane-harness.ts";

const PATH = "/nowhere/a.log";
const POLICY = policyOf([fileSink({ path: PATH, feed: { tag: "drop", buffer: 1_000 } })]);
const READER = fileReadersOf("a", POLICY, PATH)[0]?.name ?? "";
const OWN_LINES = [{ at: 1, stream: "stdout", pid: 2, text: "in memory" }] as const;

function fileMarkOf(size: number): FileMark {
  return { path: PATH, size } as FileMark;
}

/** Nothing happens, and nothing is to be reported. */
const QUIET: FileReaderPorts = {
  relay: {
    begin: () => undefined,
    settle: () => Promise.resolve(),
    usePipe: () => undefined,
    releasePipe: () => Promise.resolve(),
    room: () => undefined,
  },
  openPipe: () => ({ read: 100, write: 101 }),
  openWritableWatch: () => null,
  watch: () => undefined,
  unwatch: () => undefined,
  close: () => undefined,
  settled: () => Promise.resolve(),
  lastRun: 0,
  plane: {
    configure: () => undefined,
    open: () => undefined,
    forget: () => undefined,
    drain: () => Promise.resolve(),
    troubleOf: () => null,
    mark: () => undefined,
  },
  report: (message) => {
    throw new Error(message);
  },
};

/** Readers whose service has these lines underway, one look after the other, the last ones from then on. */
function readersOf(looks: readonly (Underway | null)[]) {
  let [looked, size, drains] = [0, 0, 0];
  const ports: FileReaderPorts = {
    ...QUIET,
    plane: {
      ...QUIET.plane,
      drain: () => Promise.resolve(void drains++),
      mark(service, listen) {
        const underway = looks[Math.min(looked, looks.length - 1)] ?? null;
        const mark: OutputMark = { files: [], lines: OWN_LINES, underway };
        if (service === READER) return listen({ files: [fileMarkOf(++size)], lines: [], underway: null });
        looked++;
        listen(mark);
      },
    },
  };
  const readers = new FileReaders(ports);
  readers.configure("a", POLICY, PATH);
  const marked = new Promise<OutputMark>((resolve) => readers.mark("a", resolve));
  return { marked, looked: () => looked, drains: () => drains };
}

test("what no reader writes is told as it is", async () => {
  const { marked, looked, drains } = readersOf([null]);
  expect(await marked).toEqual({ files: [], lines: OWN_LINES, underway: null });
  expect([looked(), drains()]).toEqual([1, 0]);
});

test("a file is looked at when nothing is on its way there, and counts if nothing was sent meanwhile", async () => {
  const calm = { sent: 9, left: 0 };
  const { marked, looked, drains } = readersOf([
    { sent: 5, left: 2 },
    { sent: 5, left: 0 },
    { sent: 9, left: 0 },
    calm,
  ]);
  // The one of the first look is of before the lines that came after it.
  expect(await marked).toEqual({ files: [fileMarkOf(2)], lines: OWN_LINES, underway: calm });
  expect([looked(), drains()]).toEqual([4, 2]);
});

test("where it is never calm, the file as it was last is told after a while", async () => {
  const looks = Array.from({ length: 100 }, (_, sent) => ({ sent, left: 0 }));
  const { marked, looked } = readersOf(looks);
  expect((await marked).files).toEqual([fileMarkOf(20)]);
  expect(looked()).toBe(21);
});

test("a file that does not answer is asked once, however often its place is asked for, and again when it has answered", async () => {
  const held: (() => void)[] = [];
  let drains = 0;
  const readers = new FileReaders({
    ...QUIET,
    plane: {
      ...QUIET.plane,
      drain: () => (drains++ === 0 ? new Promise((resolve) => held.push(resolve)) : Promise.resolve()),
      mark: (service, listen) =>
        listen({
          files: service === READER ? [fileMarkOf(1)] : [],
          lines: [],
          underway: service === READER ? null : { sent: 1, left: 0 },
        }),
    },
  });
  readers.configure("a", POLICY, PATH);
  const ask = (): Promise<OutputMark> => new Promise((resolve) => readers.mark("a", resolve));
  for (const { files } of await Promise.all([ask(), ask()])) expect(files).toEqual([]);
  expect(drains).toBe(1);
  for (const answer of held) answer();
  expect((await ask()).files).toEqual([fileMarkOf(1)]);
  expect(drains).toBe(2);
});

/** Readers whose pipes are released when the test says so, and what is done with them. */
function releasedReaders() {
  const told: string[] = [];
  const held: (() => void)[] = [];
  let next = 100;
  const readers = new FileReaders({
    ...QUIET,
    relay: {
      ...QUIET.relay,
      usePipe: (_reader, fd) => void told.push(`use ${fd}`),
      releasePipe: () => new Promise((resolve) => held.push(resolve)),
    },
    openPipe: () => ({ read: ++next, write: ++next }),
    close: (fd) => void told.push(`close ${fd}`),
    plane: { ...QUIET.plane, forget: (reader) => void told.push(`forget ${reader === READER}`) },
  });
  const configure = (isLogging: boolean): void => readers.configure("a", isLogging ? POLICY : policyOf([]), PATH);
  const release = async (): Promise<void> => {
    for (const resolve of held.splice(0)) resolve();
    await Bun.sleep(0);
  };
  return { told, configure, release };
}

describe("the pipe to a file reader", () => {
  test("is kept by a service that logs there again before it is released, and closed only once it does so no more", async () => {
    const { told, configure, release } = releasedReaders();
    configure(true);
    configure(false);
    await Bun.sleep(0);
    configure(true);
    await release();
    expect(told.splice(0)).toEqual(["use 102", "use 102"]);
    configure(false);
    await Bun.sleep(0);
    await release();
    expect(told).toEqual(["close 102", "forget true"]);
  });

  test("is another one for a service that logs there again at any later moment", async () => {
    for (let turns = 0; turns < 10; turns++) {
      const { told, configure, release } = releasedReaders();
      configure(true);
      configure(false);
      await Bun.sleep(0);
      const released = release();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      configure(true);
      await released;
      const isKept = !told.includes("close 102");
      expect(told).toEqual(isKept ? ["use 102", "use 102"] : ["use 102", "close 102", "forget true", "use 104"]);
    }
  });
});
