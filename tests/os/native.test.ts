import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { loadNative } from "../../src/os/native.ts";
import { statusFieldOf } from "./spawn-kit.ts";

const SIGRTMIN_10 = 44;
const own = (field: string) => BigInt(`0x${statusFieldOf(readFileSync("/proc/thread-self/status", "utf8"), field)}`);

let before = 0n;
beforeAll(() => {
  before = loadNative().readMask();
});
afterAll(() => loadNative().writeMask(before));

test("is compiled once", () => {
  expect(loadNative()).toBe(loadNative());
});

test("the mask of this thread is written and read as the kernel shows it", () => {
  const native = loadNative();
  const mask = (1n << 9n) | (1n << BigInt(SIGRTMIN_10 - 1));
  native.writeMask(mask);
  expect([native.readMask(), own("SigBlk")]).toEqual([mask, mask]);
  native.writeMask(before);
  expect(own("SigBlk")).toBe(before);
});

test("a signal is ignored, and has its default again, as the kernel shows it", () => {
  const native = loadNative();
  const bit = 1n << BigInt(SIGRTMIN_10 - 1);
  expect(native.setDisposition(SIGRTMIN_10, true)).toBe(0);
  expect(own("SigIgn") & bit).toBe(bit);
  expect(native.setDisposition(SIGRTMIN_10, false)).toBe(0);
  expect(own("SigIgn") & bit).toBe(0n);
});

test("a number means the same if the runtime holds it as a double", () => {
  const [signal = 0] = new Float64Array([SIGRTMIN_10]);
  const bit = 1n << BigInt(SIGRTMIN_10 - 1);
  expect(loadNative().setDisposition(signal, true)).toBe(0);
  expect(own("SigIgn") & bit).toBe(bit);
  expect(loadNative().setDisposition(signal, false)).toBe(0);
});

test("SIGKILL cannot be ignored, and the errno says so", () => {
  expect(loadNative().setDisposition(9, true)).toBe(22);
});

test("the clock is the one of the uptime", () => {
  const uptime = () => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const [low, now, high] = [uptime(), loadNative().bootNanoseconds() / 1e9, uptime()];
  expect(now).toBeGreaterThanOrEqual(low - 0.01);
  expect(now).toBeLessThanOrEqual(high + 0.01);
});
