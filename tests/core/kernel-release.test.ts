import { expect, test } from "bun:test";
import { isKernelBefore, OLDEST_KERNEL, parseKernelRelease } from "../../src/core/kernel-release.ts";

test.each([
  ["6.1.0-18-amd64", false],
  ["5.10", false],
  ["5.9.16", true],
  ["4.19.0-26-cloud", true],
  ["10.0-rc1\n", false],
])("Linux %p is too old: %p", (release, isTooOld) => {
  const numbers = parseKernelRelease(release);
  expect(numbers !== null && isKernelBefore(numbers, OLDEST_KERNEL)).toBe(isTooOld);
});

test("what is no release has no numbers", () => {
  expect(parseKernelRelease("unknown")).toBeNull();
});
