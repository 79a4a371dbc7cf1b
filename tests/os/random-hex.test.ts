import { expect, test } from "bun:test";
import { randomHex } from "../../src/os/random-hex.ts";

test("random digits are as many as asked for, and others each time", () => {
  const texts = Array.from({ length: 100 }, () => randomHex(16));
  for (const text of texts) expect(text).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(texts).size).toBe(100);
});
