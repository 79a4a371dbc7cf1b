import { describe, expect, test } from "bun:test";
import { decodeShutdown, encodeShutdown } from "../../src/core/noted-shutdown.ts";

describe("a shutdown that was noted", () => {
  test("is read as it was written", () => {
    const shutdown = { code: 42, reason: '"db" is critical and has ended', ours: ["12 3400", "11 3390"] };
    expect(decodeShutdown(encodeShutdown(shutdown))).toEqual(shutdown);
  });

  for (const text of ["begun", "null", "7", "{}", '{"code":"1","reason":"x","ours":[]}', '{"code":1,"reason":"x"}']) {
    test(`says nothing as ${text}`, () => {
      expect(decodeShutdown(text)).toBeNull();
    });
  }
});
