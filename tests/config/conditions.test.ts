import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unmetConditionOf } from "../../src/config/conditions.ts";
import type { ConditionPolicy } from "../../src/core/life-policies.ts";

const directory = mkdtempSync(join(tmpdir(), "ds-conditions-"));
afterAll(() => rmSync(directory, { recursive: true }));

const at = (name: string): string => join(directory, name);
writeFileSync(at("full"), "x");
writeFileSync(at("empty"), "");
mkdirSync(at("bare"));
mkdirSync(at("stocked"));
writeFileSync(join(at("stocked"), "x"), "");
symlinkSync("circle", at("circle"));
symlinkSync("nothing", at("dangling"));

const NONE: ConditionPolicy = { pathExists: [], pathMissing: [], fileNotEmpty: [], directoryNotEmpty: [], host: [] };
const unmet = (condition: Partial<ConditionPolicy>): string | null =>
  unmetConditionOf({ ...NONE, ...condition }, "web1");

describe("a condition", () => {
  test("of paths is met if every one of them is there", () => {
    expect(unmet({ pathExists: [at("full"), at("bare")] })).toBeNull();
    expect(unmet({ pathExists: [at("full"), at("none")] })).toBe(`"${at("none")}" does not exist`);
    expect(unmet({ pathMissing: [at("none")] })).toBeNull();
    expect(unmet({ pathMissing: [at("none"), at("full")] })).toBe(`"${at("full")}" exists`);
  });

  test("takes what cannot be seen for missing, links in a circle for example", () => {
    const beyond = join(at("full"), "beyond");
    for (const path of [at("circle"), at("dangling"), beyond, at("x".repeat(300))]) {
      expect(unmet({ pathExists: [path] })).toBe(`"${path}" does not exist`);
      expect(unmet({ pathMissing: [path] })).toBeNull();
      expect(unmet({ fileNotEmpty: [path] })).toBe(`"${path}" is no file with anything in it`);
    }
  });

  test("of files with something in them is not met by an empty file, nor by a directory", () => {
    expect(unmet({ fileNotEmpty: [at("full")] })).toBeNull();
    for (const name of ["empty", "stocked"])
      expect(unmet({ fileNotEmpty: [at(name)] })).toBe(`"${at(name)}" is no file with anything in it`);
  });

  test("of directories with something in them is not met by an empty one, nor by a file", () => {
    expect(unmet({ directoryNotEmpty: [at("stocked")] })).toBeNull();
    for (const name of ["bare", "full", "none"])
      expect(unmet({ directoryNotEmpty: [at(name)] })).toBe(`"${at(name)}" is no directory with anything in it`);
  });

  test("of the host is met by one pattern of several", () => {
    expect(unmet({ host: ["db*", "web?"] })).toBeNull();
    expect(unmet({ host: ["db*"] })).toBe('this host is "web1"');
  });
});
