/* Whether a version could go on with what is written down, before it takes anybody's place. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configurationFileOf } from "../src/core/paths.ts";
import { probeProblemsOf } from "../src/probe.ts";
import { CONFIGURATION_BEFORE } from "./core/texts-of-version-before.ts";

let copies = "";
beforeEach(() => {
  copies = mkdtempSync(join(tmpdir(), "ds-probe-"));
});
afterEach(() => rmSync(copies, { recursive: true }));

function problemsWith(configuration: string): readonly string[] {
  writeFileSync(configurationFileOf(copies), configuration);
  return probeProblemsOf(copies);
}

test("this version could go on from the one before", () => {
  expect(problemsWith(CONFIGURATION_BEFORE)).toEqual([]);
});

test("it could not with a definition that is read, and whose output it could send nowhere", () => {
  const spoilt = CONFIGURATION_BEFORE.replaceAll('"type":"file"', '"type":"file","feed":null');
  const reason = expect.stringContaining(": cannot tell where its output goes: null is not an object");
  expect(problemsWith(spoilt)).toEqual([reason, reason]);
});
