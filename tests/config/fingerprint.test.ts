import { expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { fingerprintOf } from "../../src/config/fingerprint.ts";
import { makePlace } from "./load-texts.ts";

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
