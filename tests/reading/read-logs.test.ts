import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isoTimeOf } from "../../src/log/stamp.ts";
import type { ReadSizes } from "../../src/reading/read-logs.ts";
import { type LiteralFile, literalFiles, readingOf, requestOf, serviceOf } from "./literal-files.ts";

const BEGIN = Date.parse("2026-01-02T03:04:05Z") * 1000;

interface Line {
  readonly at: number;
  readonly text: string;
  readonly service: string;
}

/** A service's lines, cut into files; every step is the time since the line before it in microseconds. */
const arbitraryLog = fc.record({
  steps: fc.array(fc.record({ step: fc.nat(3_000_000), length: fc.nat(300), isTimed: fc.boolean() }), {
    maxLength: 60,
  }),
  files: fc.integer({ min: 1, max: 4 }),
});

interface Log {
  readonly lines: readonly Line[];
  readonly files: Readonly<Record<string, LiteralFile>>;
}

function logOf(
  service: string,
  { steps, files: count }: typeof arbitraryLog extends fc.Arbitrary<infer T> ? T : never,
): Log {
  const lines: Line[] = [];
  let at = BEGIN;
  const texts = steps.map(({ step, length, isTimed }, index) => {
    // The first line of a file has a time: what would be before it is told by the file before it.
    const hasTime = isTimed || index % Math.ceil(steps.length / count) === 0;
    if (hasTime) at += step;
    const text = `${index} ${"x".repeat(length)}`;
    lines.push({ at, text, service });
    return `${hasTime ? `${isoTimeOf(at)} ` : ""}${text}\n`;
  });
  const size = Math.max(1, Math.ceil(steps.length / count));
  const parts = Array.from({ length: count }, (_, index) => texts.slice(index * size, (index + 1) * size));
  const files = parts.map((part, index): [string, LiteralFile] => {
    const last = lines[Math.min(lines.length, (index + 1) * size) - 1];
    const path = index === count - 1 ? `/${service}.log` : `/${service}.log.${count - 1 - index}`;
    return [path, { text: part.join(""), changedAt: Math.floor((last?.at ?? BEGIN) / 1000) }];
  });
  return { lines, files: Object.fromEntries(files) };
}

function inOrder(logs: readonly Log[]): readonly Line[] {
  // Stable, so that lines of one moment stay in the order of services and of their own.
  return logs.flatMap(({ lines }) => lines).toSorted((left, right) => left.at - right.at);
}

const shown = ({ at, text, service }: Line): Line => ({ at, text, service });

describe("whatever the lines, their times and the files that they are in", () => {
  const arbitrary = fc.record({
    logs: fc.array(arbitraryLog, { minLength: 1, maxLength: 4 }),
    since: fc.option(fc.nat(90_000_000)),
    until: fc.option(fc.nat(90_000_000)),
    count: fc.nat(40),
    piece: fc.integer({ min: 1, max: 2_000 }),
  });
  const sizesOf = (piece: number): ReadSizes => ({ atOnce: piece, leastPiece: 1, lastLines: 10_000_000 });

  test("all services are read completely, in the order of time, between the times that are asked for", () => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const logs = given.logs.map((log, index) => logOf(`s${index}`, log));
        const since = given.since === null ? null : BEGIN + given.since;
        const until = given.until === null ? null : BEGIN + given.until;
        const files = literalFiles(Object.assign({}, ...logs.map((log) => log.files)) as Record<string, LiteralFile>);
        const services = logs.map((_, index) => serviceOf(`s${index}`, { since, until }));
        const { records, notes } = readingOf(requestOf(services), files, sizesOf(given.piece));
        const expected = inOrder(logs).filter(
          ({ at }) => (since === null || at >= since) && (until === null || at < until),
        );
        expect(records.map(shown)).toEqual(expected.map(shown));
        expect(notes).toEqual([]);
      }),
    );
  });

  test("the last lines are the last of all lines, also of those that match", () => {
    fc.assert(
      fc.property(arbitrary, fc.boolean(), ({ logs: given, count, piece }, isFiltered) => {
        const logs = given.map((log, index) => logOf(`s${index}`, log));
        const files = literalFiles(Object.assign({}, ...logs.map((log) => log.files)) as Record<string, LiteralFile>);
        const grep = isFiltered ? { pattern: "^1\\d* x", ignoreCase: false } : null;
        const wishes = { grep, priority: null, stream: null };
        const request = requestOf(
          logs.map((_, index) => serviceOf(`s${index}`)),
          { count, wishes },
        );
        const last = logs.map((log) => {
          const lines = log.lines.filter(({ text }) => !isFiltered || /^1\d* x/.test(text));
          return { ...log, lines: count === 0 ? [] : lines.slice(-count) };
        });
        expect(readingOf(request, files, sizesOf(piece)).records.map(shown)).toEqual(inOrder(last).map(shown));
      }),
    );
  });
});

describe("a large file", () => {
  const LINES = 200_000;
  const text = Array.from({ length: LINES }, (_, index) => `${isoTimeOf(BEGIN + index * 1000)} line ${index}\n`).join(
    "",
  );
  const files = (): ReturnType<typeof literalFiles> =>
    literalFiles({ "/web.log": { text, changedAt: BEGIN / 1000 + LINES } });

  test("is not read from its beginning to find a time", () => {
    const ports = files();
    const since = BEGIN + (LINES - 5) * 1000;
    const { records } = readingOf(requestOf([serviceOf("web", { since })]), ports);
    expect(records.map((record) => record.text)).toEqual([5, 4, 3, 2, 1].map((back) => `line ${LINES - back}`));
    expect(ports.read.bytes).toBeLessThan(text.length / 4);
  });

  test("gives what was written between any two times", () => {
    const ports = files();
    fc.assert(
      fc.property(fc.integer({ min: -50, max: LINES + 50 }), fc.nat(30), fc.nat(999), (first, length, micros) => {
        const since = BEGIN + first * 1000 - micros;
        const request = requestOf([serviceOf("web", { since, until: since + length * 1000 })]);
        const expected = Array.from({ length }, (_, index) => first + index).filter(
          (line) => line >= 0 && line < LINES,
        );
        expect(readingOf(request, ports).records.map(({ text }) => text)).toEqual(
          expected.map((line) => `line ${line}`),
        );
      }),
    );
  });

  test("is read from its end for the last lines", () => {
    const ports = files();
    const { records } = readingOf(requestOf([serviceOf("web")], { count: 2 }), ports);
    expect(records.map((record) => record.text)).toEqual([2, 1].map((back) => `line ${LINES - back}`));
    expect(ports.read.bytes).toBeLessThan(text.length / 4);
  });
});

describe("a line", () => {
  test("that is longer than the limit is cut and says so, forwards and backwards, and what follows it is whole", () => {
    const long = "y".repeat(300_000);
    const lines = ["short", long, "after", long];
    const text = lines.map((line, index) => `${isoTimeOf(BEGIN + index)} ${line}\n`).join("");
    const files = literalFiles({ "/web.log": { text, changedAt: BEGIN / 1000 } });
    for (const count of [null, 10]) {
      const { records } = readingOf(requestOf([serviceOf("web")], { count }), files);
      expect(records.map((record) => [record.at - BEGIN, record.cut, record.text.slice(0, 5)])).toEqual([
        [0, false, "short"],
        [1, true, "yyyyy"],
        [2, false, "after"],
        [3, true, "yyyyy"],
      ]);
      expect(records.every((record) => record.text.length <= 64 * 1024)).toBe(true);
    }
  });

  test("without a newline at the end of the file is a line", () => {
    const files = literalFiles({
      "/web.log": { text: `${isoTimeOf(BEGIN)} one\n${isoTimeOf(BEGIN)} two`, changedAt: 0 },
    });
    for (const count of [null, 10])
      expect(readingOf(requestOf([serviceOf("web")], { count }), files).records.map(({ text }) => text)).toEqual([
        "one",
        "two",
      ]);
  });

  test("of a file without stamps has the time of the last change of its file", () => {
    const files = literalFiles({
      "/web.log": { text: "c\nd\n", changedAt: 2_000_000 },
      "/web.log.1": { text: "a\nb\n", changedAt: 1_000_000 },
    });
    const places = [{ path: "/web.log", format: "plain", stamp: "none", stream: null }] as const;
    const all = readingOf(requestOf([serviceOf("web", { places })]), files).records;
    expect(all.map(({ at, text }) => [at, text])).toEqual([
      [1e9, "a"],
      [1e9, "b"],
      [2e9, "c"],
      [2e9, "d"],
    ]);
    const late = readingOf(requestOf([serviceOf("web", { places, since: 1.5e9 })]), files).records;
    expect(late.map(({ text }) => text)).toEqual(["c", "d"]);
    const early = readingOf(requestOf([serviceOf("web", { places, until: 1.5e9 })]), files).records;
    expect(early.map(({ text }) => text)).toEqual(["a", "b"]);
  });
});

test("what is in memory follows what is in files, within the number of lines that is asked for", () => {
  const files = literalFiles({ "/web.log": { text: `${isoTimeOf(BEGIN)} a\n${isoTimeOf(BEGIN)} b\n`, changedAt: 0 } });
  const memory = [{ at: BEGIN / 1000, stream: "stderr", pid: 3, text: "<4>c" }] as const;
  const texts = (count: number | null): readonly string[] =>
    readingOf(requestOf([serviceOf("web", { memory })], { count }), files).records.map(({ text }) => text);
  expect(texts(null)).toEqual(["a", "b", "<4>c"]);
  expect(texts(2)).toEqual(["b", "<4>c"]);
  expect(texts(1)).toEqual(["<4>c"]);
  expect(texts(0)).toEqual([]);
});

test("nothing after a mark is read, and no newer file", () => {
  const files = literalFiles({
    "/web.log": { text: "new\n", changedAt: 3 },
    "/web.log.1": { text: "a\nb\nc\n", changedAt: 2 },
    "/web.log.2": { text: "z\n", changedAt: 1 },
  });
  const places = [{ path: "/web.log", format: "plain", stamp: "none", stream: null }] as const;
  const marks = [{ path: "/web.log", identity: "/web.log.1 as it was", size: 4 }];
  const { records } = readingOf(requestOf([serviceOf("web", { places, marks })]), files);
  expect(records.map(({ text }) => text)).toEqual(["z", "a", "b"]);
});

test("of a file that several services write, only the lines of the service are read", () => {
  const lineOf = (service: string, message: string): string =>
    `${JSON.stringify({ time: isoTimeOf(BEGIN), service, pid: 1, stream: "stdout", priority: "info", message })}\n`;
  const files = literalFiles({ "/all.log": { text: lineOf("web", "mine") + lineOf("db", "other"), changedAt: 0 } });
  const places = [{ path: "/all.log", format: "json", stamp: "iso", stream: null }] as const;
  const { records } = readingOf(requestOf([serviceOf("web", { places })]), files);
  expect(records).toEqual([
    { at: BEGIN, service: "web", stream: "stdout", pid: 1, priority: "info", text: "mine", cut: false },
  ]);
});

test("a file that does not tell streams or priorities says so instead of showing nothing without a word", () => {
  const files = literalFiles({
    "/web.log": { text: `${isoTimeOf(BEGIN)} <3>bad\n${isoTimeOf(BEGIN)} good\n`, changedAt: 0 },
  });
  const byStream = { grep: null, priority: null, stream: "stderr" } as const;
  const stream = readingOf(requestOf([serviceOf("web")], { wishes: byStream }), files);
  expect(stream.records).toEqual([]);
  expect(stream.notes).toEqual([expect.stringContaining("does not tell streams")]);
  const byPriority = { grep: null, priority: "warning", stream: null } as const;
  const priority = readingOf(requestOf([serviceOf("web")], { wishes: byPriority }), files);
  expect(priority.records.map(({ text }) => text)).toEqual(["<3>bad"]);
  expect(priority.notes).toEqual([expect.stringContaining("does not tell priorities")]);
});
