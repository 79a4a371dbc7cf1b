import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { jsonRecordOf, recordHeadOf } from "../../src/log/json-record.ts";
import type { Source } from "../../src/log/source.ts";

const SOURCE: Source = { service: "web", pid: 7, stream: "stdout", at: 1_767_323_045_678_901, pipe: {} };
const HEAD = { time: "2026-01-02T03:04:05.678901Z", service: "web", pid: 7, stream: "stdout" };

function recordOf(line: string): string {
  return jsonRecordOf(recordHeadOf(SOURCE), line, false);
}

describe("a line that is a JSON object", () => {
  test.each([
    ['{"user":"ann","n":1}', { priority: "info", message: '{"user":"ann","n":1}', user: "ann", n: 1 }],
    [' {"message":"hello","level":"WARN"} ', { priority: "warning", message: "hello", level: "WARN" }],
    ['{"msg":"hello"}', { priority: "info", message: "hello", msg: "hello" }],
    ['{"message":{"a":1}}', { priority: "info", message: '{"message":{"a":1}}', _message: { a: 1 } }],
    [
      '{"time":1,"_time":2,"__time":3}',
      { priority: "info", message: '{"time":1,"_time":2,"__time":3}', ___time: 1, _time: 2, __time: 3 },
    ],
    ['{"service":"x","pid":0,"message":"m"}', { priority: "info", message: "m", _service: "x", _pid: 0 }],
    ['{"priority":"err","message":"m"}', { priority: "err", message: "m" }],
    ['<2>{"priority":"err","message":"m"}', { priority: "crit", message: "m", _priority: "err" }],
    ['{"priority":"ERROR","message":"m"}', { priority: "err", message: "m", _priority: "ERROR" }],
    ["{}", { priority: "info", message: "{}" }],
  ])("%s keeps its fields", (line, expected) => {
    expect(JSON.parse(recordOf(line))).toEqual({ ...HEAD, ...expected });
  });

  test("keeps numbers as it wrote them, and a key that a prototype has", () => {
    const text = recordOf('{"id":12345678901234567890,"__proto__":1,"message":"m"}');
    expect(text).toContain('"id":12345678901234567890,"__proto__":1,"message":"m"}');
  });

  test("and one that is none is a message, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (line) => {
        fc.pre(!/^(<[0-7]>)?\s*\{/.test(line));
        const { message } = JSON.parse(recordOf(line)) as { readonly message: string };
        expect(message).toBe(line.replace(/^<[0-7]>/, ""));
      }),
    );
  });

  test("is one JSON object again in which every field of it is found, whatever it holds", () => {
    const names = fc.oneof(
      fc.constantFrom("time", "service", "pid", "priority", "message", "_time", "partial"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true }), (fields) => {
        const text = recordOf(JSON.stringify(fields));
        expect(text).not.toContain("\n");
        const record = JSON.parse(text) as Record<string, unknown>;
        for (const [key, value] of Object.entries(HEAD)) expect(record[key]).toBe(value);
        expect(typeof record["message"]).toBe("string");
        const found = Object.entries(record).map(([key, value]) => JSON.stringify([key.replace(/^_+/, ""), value]));
        // Read as it was written: -0 is 0 there.
        for (const [key, value] of Object.entries(JSON.parse(JSON.stringify(fields)) as object))
          expect(found).toContain(JSON.stringify([key.replace(/^_+/, ""), value]));
      }),
    );
  });
});
