import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { fingerprintOf, markOf, printOf, type SeenFiles } from "../../src/config/fingerprint.ts";
import { makePlace } from "./load-texts.ts";

const NOTHING_READ: SeenFiles = new Map();

/** Long after whatever the test has written. */
const LATER = Date.now() + 3_600_000;

test("a fingerprint is the same as long as no file is changed, also of those elsewhere", () => {
  using place = makePlace({ "web.toml": 'command = "true"' });
  using other = makePlace({ "my.env": "A=1" });
  const elsewhere = [join(other.directory, "my.env"), join(other.directory, "none.env")];
  const print = (): string => fingerprintOf(place.directory, { at: LATER, elsewhere });
  const first = print();
  expect(first).not.toBe("");
  expect(print()).toBe(first);
  expect(fingerprintOf(place.directory, { at: LATER, elsewhere: [] })).not.toBe(first);
  utimesSync(join(other.directory, "my.env"), 1, 1);
  const second = print();
  expect(second).not.toBe(first);
  other.write("none.env", "");
  const third = print();
  expect(third).not.toBe(second);
  utimesSync(join(place.directory, "web.toml"), 1, 1);
  expect(print()).not.toBe(third);
});

test("there is none of what was written after the reading began", () => {
  using place = makePlace({ "web.toml": 'command = "true"' });
  expect(fingerprintOf(place.directory, { at: Date.now() - 3_600_000, elsewhere: [] })).toBe("");
});

test("what was read is not looked at again, and what it was then counts", () => {
  using place = makePlace({ "web.toml": 'command = "true"', "notes.txt": "" });
  const looked = { at: LATER, elsewhere: [] };
  const loaded = place.load();
  if (loaded.tag !== "loaded") throw new Error("it was refused");
  expect([...loaded.seen.keys()]).toEqual([join(place.directory, "web.toml")]);
  const before = printOf(place.directory, looked, NOTHING_READ);
  expect(printOf(place.directory, looked, loaded.seen)).toEqual(before);
  utimesSync(join(place.directory, "web.toml"), 1, 1);
  expect(printOf(place.directory, looked, loaded.seen)).toEqual(before);
  expect(fingerprintOf(place.directory, looked)).not.toBe(before.fingerprint);
});

describe("the marks of files", () => {
  test("are those that each file has by itself, as long as it is not changed", async () => {
    using place = makePlace({ "web.toml": 'command = "true"', "db.toml": 'command = "true"' });
    const [web, db, none] = ["web.toml", "db.toml", "none.env"].map((name) => join(place.directory, name)) as [
      string,
      string,
      string,
    ];
    const { marks } = printOf(place.directory, { at: LATER, elsewhere: [none] }, NOTHING_READ);
    expect([await markOf(web), await markOf(db), await markOf(none)]).toEqual([
      marks[web],
      marks[db],
      marks[none],
    ] as string[]);
    utimesSync(web, 1, 1);
    place.write("none.env", "");
    expect(await markOf(web)).not.toBe(marks[web] ?? "");
    expect(await markOf(db)).toBe(marks[db] ?? "");
    expect(await markOf(none)).not.toBe(marks[none] ?? "");
  });

  test("are none that a file ever has where it was written while it was read", () => {
    using place = makePlace({ "web.toml": 'command = "true"' });
    const { marks } = printOf(place.directory, { at: Date.now() - 3_600_000, elsewhere: [] }, NOTHING_READ);
    expect(marks[join(place.directory, "web.toml")]).toBe("");
  });

  test("are none of a directory that cannot be read", () => {
    expect(printOf("/nonexistent", { at: LATER, elsewhere: [] }, NOTHING_READ)).toEqual({ fingerprint: "", marks: {} });
  });
});
