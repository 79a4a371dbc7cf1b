import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WallTime } from "../../src/core/units.ts";
import { readScheduleFile, writeScheduleFile } from "../../src/os/schedule-file.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-schedule-"));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

function newPath(): string {
  const place = join(directory, String(++files));
  mkdirSync(place);
  return join(place, "schedules.json");
}

const RUNS = new Map([
  ["backup", { at: 1_770_000_000_000 as WallTime, rule: "0 3 * * *" }],
  ["__proto__", { at: 0 as WallTime, rule: "every 1000ms" }],
  ["web@1", { at: -5 as WallTime, rule: "" }],
]);

describe("the file of schedules", () => {
  test("gives back what was written, for its owner alone, and leaves nothing else behind", () => {
    const path = newPath();
    expect(writeScheduleFile(path, RUNS)).toBeNull();
    expect(writeScheduleFile(path, RUNS)).toBeNull();
    expect(readScheduleFile(path)).toEqual({ tag: "read", runs: RUNS });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(path, ".."))).toEqual(["schedules.json"]);
  });

  test("that is not there is an empty one", () => {
    expect(readScheduleFile(newPath())).toEqual({ tag: "read", runs: new Map() });
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"version":2,"runs":{}}',
    '{"version":1}',
    '{"version":1,"runs":[]}',
    '{"version":1,"runs":{"a":null}}',
    '{"version":1,"runs":{"a":{"at":"1","rule":""}}}',
    '{"version":1,"runs":{"a":{"at":1.5,"rule":""}}}',
    '{"version":1,"runs":{"a":{"at":1}}}',
  ])("that reads %j is damaged, and is replaced by the next", (text) => {
    const path = newPath();
    writeFileSync(path, text);
    expect(readScheduleFile(path)).toEqual({ tag: "failed", message: `cannot read "${path}": it is damaged` });
    expect(writeScheduleFile(path, RUNS)).toBeNull();
    expect(readScheduleFile(path)).toEqual({ tag: "read", runs: RUNS });
  });

  test("that cannot be written stays as it was, and it is said why", () => {
    const path = newPath();
    writeScheduleFile(path, RUNS);
    mkdirSync(`${path}.new`);
    writeFileSync(join(`${path}.new`, "x"), "");
    expect(writeScheduleFile(path, new Map())).toStartWith(`cannot write "${path}": E`);
    expect(readScheduleFile(path)).toEqual({ tag: "read", runs: RUNS });
    expect(writeScheduleFile("/nonexistent/x", RUNS)).toBe('cannot write "/nonexistent/x": ENOENT');
  });

  test("is not written through a link that somebody has laid", () => {
    const path = newPath();
    const other = newPath();
    writeFileSync(other, "untouched");
    symlinkSync(other, `${path}.new`);
    expect(writeScheduleFile(path, RUNS)).toBeNull();
    expect(readFileSync(other, "utf8")).toBe("untouched");
  });

  test("that may not be read is no empty one", () => {
    const path = newPath();
    mkdirSync(path);
    chmodSync(path, 0o700);
    expect(readScheduleFile(path)).toEqual({ tag: "failed", message: `cannot read "${path}": EISDIR` });
  });
});
