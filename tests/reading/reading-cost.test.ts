/* What a large log costs to read, in bytes that are taken from its files. A test looks at them as the kernel counts them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isoTimeOf } from "../../src/log/stamp.ts";
import { compressFile } from "../../src/os/compress-file.ts";
import { lookAtLogFile } from "../../src/os/log-file.ts";
import { openReadableLog } from "../../src/os/readable-log.ts";
import { readingOf, requestOf, serviceOf } from "./literal-files.ts";

/** Of each of the two files, of which the older one is compressed. */
const LINES = 400_000;
const BEGIN = 1_767_323_045_000_000;
const MEGA = 1024 * 1024;

let directory = "";
let path = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "reading-cost-"));
  path = join(directory, "web.log");
  writeFileSync(`${path}.1`, textFrom(0));
  const identity = lookAtLogFile(`${path}.1`)?.identity ?? "";
  const written = compressFile({ source: `${path}.1`, identity, target: `${path}.1.zst`, compression: "zstd" });
  expect(written.tag).toBe("written");
  rmSync(`${path}.1`);
  writeFileSync(path, textFrom(LINES));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A line a millisecond, with text that does not compress to nothing. */
function textFrom(first: number): string {
  const lines = Array.from({ length: LINES }, (_, index) => {
    const number = first + index;
    const noise = Math.imul(number, 2_654_435_761).toString(36);
    return `${isoTimeOf(BEGIN + number * 1000)} line ${number} ${noise} ${noise.toUpperCase()} of a service that says much\n`;
  });
  return lines.join("");
}

/** Bytes that this process has read from anywhere. */
function readSoFar(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

const at = (number: number): number => BEGIN + number * 1000;
const needle = { priority: null, stream: null, grep: { pattern: "line \\d*99 ", ignoreCase: false } };

const CASES = [
  { what: "the last lines", request: { count: 100 }, service: {}, lines: 100 },
  { what: "what is since a time near the end", request: {}, service: { since: at(2 * LINES - 1_000) }, lines: 1_000 },
  { what: "the last lines since a time long ago", request: { count: 10 }, service: { since: at(10) }, lines: 10 },
  {
    what: "a stretch in the middle of the file",
    request: {},
    service: { since: at(LINES + 200_000), until: at(LINES + 200_500) },
    lines: 500,
  },
  {
    what: "a stretch in the middle of the compressed file",
    request: {},
    service: { since: at(200_000), until: at(200_500) },
    lines: 500,
  },
  {
    what: "the end of the compressed file and what follows",
    request: {},
    service: { since: at(LINES - 5), until: at(LINES + 5) },
    lines: 10,
  },
  {
    what: "what matches since a time near the end",
    request: { wishes: needle },
    service: { since: at(2 * LINES - 1_000) },
    lines: 10,
  },
] as const;

test.each(CASES)("$what: found in a large log, part of it compressed, without reading the rest", (each) => {
  const places = [{ path, format: "plain", stamp: "iso", stream: null }] as const;
  const ports = { lookAtLogFile, openReadableLog };
  const before = readSoFar();
  const { records, notes } = readingOf(requestOf([serviceOf("web", { places, ...each.service })], each.request), ports);
  const read = readSoFar() - before;
  expect([records.length, notes]).toEqual([each.lines, []]);
  expect(read).toBeLessThan(4 * MEGA);
});
