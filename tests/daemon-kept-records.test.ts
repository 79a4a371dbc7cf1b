/* Records over an upgrade that leads to nothing. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, fstatSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keptRecordsFileOf, probeDirectoryOf, recordsFileOf } from "../src/core/paths.ts";
import { SAVED_VERSION } from "../src/core/saved-record.ts";
import { Estate, keeperOf } from "../src/daemon-estate.ts";
import { keepRecords, tidyAfterUpgrade } from "../src/daemon-kept-records.ts";
import { openRecordFile } from "../src/os/record-file.ts";

const BEGUN = { at: 1, from: "1.0.0", to: "2.0.0", program: "/new", failure: null };
const FAILED = { ...BEGUN, failure: "it crashed" };

const NOTHING = new Estate(new Map());

let runtime = "";
beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), "ds-kept-"));
});
afterEach(() => rmSync(runtime, { recursive: true }));

/** Opens the records as a supervisor of this version does; says what it found, and then writes `text`. */
function supervise(version: number, text: string): readonly string[] {
  const opened = openRecordFile(recordsFileOf(runtime), { bootId: "boot", version, convert: (old) => old });
  if (opened.tag === "failed") throw new Error(opened.message);
  using file = opened.file;
  expect(file.write("key", text)).toBeNull();
  return [...opened.found.values()].map((found) => found.text);
}

test("those of a version to come give way to those that were kept", () => {
  supervise(SAVED_VERSION, "before");
  expect(keepRecords(runtime)).toBeNull();
  expect(supervise(SAVED_VERSION + 1, "by the new one")).toEqual(["before"]);
  tidyAfterUpgrade(runtime, FAILED, NOTHING);
  expect(supervise(SAVED_VERSION, "again")).toEqual(["before"]);
});

test("those of a version to come are not what a successor inherits either", () => {
  supervise(SAVED_VERSION, "before");
  keepRecords(runtime);
  supervise(SAVED_VERSION + 1, "by the new one");
  const estate = new Estate(new Map());
  const inherited = openSync(recordsFileOf(runtime), "r+");
  keeperOf(estate, "records").hold(inherited);
  const heir = new Estate(estate.manifest);
  tidyAfterUpgrade(runtime, FAILED, heir);
  expect([...heir.manifest]).toEqual([]);
  expect(() => fstatSync(inherited)).toThrow("EBADF");
});

test("those of the same version are newer than those that were kept, and count", () => {
  supervise(SAVED_VERSION, "before");
  expect(keepRecords(runtime)).toBeNull();
  supervise(SAVED_VERSION, "by the new one");
  tidyAfterUpgrade(runtime, FAILED, NOTHING);
  expect(supervise(SAVED_VERSION, "again")).toEqual(["by the new one"]);
});

test("what was kept is kept anew each time, and dropped in the end", () => {
  supervise(SAVED_VERSION, "first");
  keepRecords(runtime);
  supervise(SAVED_VERSION, "second");
  expect(keepRecords(runtime)).toBeNull();
  supervise(SAVED_VERSION + 1, "third");
  tidyAfterUpgrade(runtime, FAILED, NOTHING);
  expect(supervise(SAVED_VERSION, "fourth")).toEqual(["second"]);
  keepRecords(runtime);
  mkdirSync(probeDirectoryOf(runtime));
  tidyAfterUpgrade(runtime, BEGUN, NOTHING);
  expect(existsSync(keptRecordsFileOf(runtime))).toBe(true);
  tidyAfterUpgrade(runtime, null, NOTHING);
  expect(existsSync(keptRecordsFileOf(runtime))).toBe(false);
  expect(existsSync(probeDirectoryOf(runtime))).toBe(false);
});

test("without any that were kept, nothing is changed, and without any at all neither", () => {
  tidyAfterUpgrade(runtime, FAILED, NOTHING);
  expect(existsSync(recordsFileOf(runtime))).toBe(false);
  expect(keepRecords(runtime)).toStartWith(`cannot keep "${recordsFileOf(runtime)}" for the way back: ENOENT`);
  supervise(SAVED_VERSION + 1, "text");
  tidyAfterUpgrade(runtime, FAILED, NOTHING);
  expect(supervise(SAVED_VERSION + 1, "again")).toEqual(["text"]);
});
