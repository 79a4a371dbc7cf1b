/* The configuration in force, as it is written down for a successor. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configurationFileOf } from "../src/core/paths.ts";
import { saveConfiguration } from "../src/daemon-configuration.ts";

let runtime = "";
beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), "ds-saved-"));
});
afterEach(() => {
  chmodSync(runtime, 0o700);
  rmSync(runtime, { recursive: true });
});

test("is written anew as a whole", () => {
  expect(saveConfiguration(runtime, "first, and longer")).toBeNull();
  expect(saveConfiguration(runtime, "second")).toBeNull();
  expect(readFileSync(configurationFileOf(runtime), "utf8")).toBe("second");
});

test("cannot be written where its name stands for something else, which is said and no more", () => {
  mkdirSync(join(configurationFileOf(runtime), "within"), { recursive: true });
  expect(saveConfiguration(runtime, "text")).toBe(`cannot write "${configurationFileOf(runtime)}": EISDIR`);
});

test.skipIf(process.getuid?.() === 0)("is none at all where nothing can be made or removed any more", () => {
  expect(saveConfiguration(runtime, "first")).toBeNull();
  chmodSync(runtime, 0o500);
  expect(saveConfiguration(runtime, "second")).toBe(`cannot write "${configurationFileOf(runtime)}": EACCES`);
  expect(readFileSync(configurationFileOf(runtime), "utf8")).toBe("");
});
