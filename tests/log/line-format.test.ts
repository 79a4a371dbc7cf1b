import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RecordFormat } from "../../src/core/log-policy.ts";
import { lineFormatOf } from "../../src/log/line-format.ts";
import type { Block } from "../../src/log/line-framer.ts";
import { OutBuffer } from "../../src/log/out-buffer.ts";
import { recordParserOf } from "../../src/log/parse-record.ts";
import type { Source } from "../../src/log/source.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5) * 1000 + 678_901;
const SOURCE: Source = { service: "web", pid: 7, stream: "stdout", at: AT, pipe: {} };

function blockOf(text: string | Uint8Array, flags: Partial<Pick<Block, "continues" | "unfinished">> = {}): Block {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return { bytes, start: 0, end: bytes.length, continues: false, unfinished: false, ...flags };
}

function format(policy: RecordFormat, block: Block, source: Source = SOURCE): string {
  const out = new OutBuffer();
  lineFormatOf(policy)?.(block, source, out);
  return Buffer.from(out.bytes.subarray(0, out.length)).toString("latin1");
}

describe("stamps", () => {
  test.each([
    ["iso", "2026-01-02T03:04:05.678901Z one\n2026-01-02T03:04:05.678901Z \n2026-01-02T03:04:05.678901Z two\n"],
    ["unix", "1767323045.678901 one\n1767323045.678901 \n1767323045.678901 two\n"],
    ["tai64n", "@40000000695735af28773508 one\n@40000000695735af28773508 \n@40000000695735af28773508 two\n"],
  ] as const)("%s stands before every line, also an empty one", (stamp, expected) => {
    expect(format({ format: "plain", stamp }, blockOf("one\n\ntwo\n"))).toBe(expected);
  });

  test("are right from one moment to the next, across seconds", () => {
    const write = lineFormatOf({ format: "plain", stamp: "iso" });
    const out = new OutBuffer();
    for (const add of [0, 99, 321_099, 321_100, 1_000_000]) write?.(blockOf("\n"), { ...SOURCE, at: AT + add }, out);
    expect(Buffer.from(out.bytes.subarray(0, out.length)).toString()).toBe(
      [
        "2026-01-02T03:04:05.678901Z \n",
        "2026-01-02T03:04:05.679000Z \n",
        "2026-01-02T03:04:06.000000Z \n",
        "2026-01-02T03:04:06.000001Z \n",
        "2026-01-02T03:04:06.678901Z \n",
      ].join(""),
    );
  });

  test("do not stand before the continuation of a long line", () => {
    const policy = { format: "plain", stamp: "unix" } as const;
    expect(format(policy, blockOf("begin", { unfinished: true }))).toBe("1767323045.678901 begin");
    expect(format(policy, blockOf("end\nnext\n", { continues: true }))).toBe("end\n1767323045.678901 next\n");
  });

  test("leave the bytes of a line as they are, and a reader finds them again", () => {
    const byte = fc.integer({ min: 0, max: 255 }).filter((value) => value !== 10);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1 }), byte, (lines, filler) => {
        const clean = lines.map((line) => line.map((value) => (value === 10 ? filler : value)));
        const bytes = Uint8Array.from(clean.flatMap((line) => [...line, 10]));
        const texts = format({ format: "plain", stamp: "iso" }, blockOf(bytes)).split("\n").slice(0, -1);
        expect(texts).toEqual(
          clean.map((line) => `2026-01-02T03:04:05.678901Z ${Buffer.from(line).toString("latin1")}`),
        );
      }),
    );
  });

  test("grow the buffer for a block of nothing but newlines", () => {
    const text = format({ format: "plain", stamp: "iso" }, blockOf("\n".repeat(65_536)));
    expect(text.length).toBe(65_536 * 29);
  });
});

describe("json", () => {
  test("is one object a line, with time, service, pid, stream, priority and message", () => {
    const text = format({ format: "json", stamp: "iso" }, blockOf('say "hi"\n<4>careful\n'), {
      ...SOURCE,
      stream: "stderr",
    });
    const rest = { time: "2026-01-02T03:04:05.678901Z", service: "web", pid: 7, stream: "stderr" };
    expect(
      text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { ...rest, priority: "err", message: 'say "hi"' },
      { ...rest, priority: "warning", message: "careful" },
    ]);
  });

  test("replaces what is not UTF-8, and nothing else", () => {
    const text = format({ format: "json", stamp: "none" }, blockOf(Uint8Array.from([0x61, 0xff, 0, 0xc3, 0xa9, 10])));
    expect(JSON.parse(Buffer.from(text, "latin1").toString()).message).toBe("a\uFFFD\u0000é");
  });

  test("marks the pieces of a long line but the last", () => {
    const policy = { format: "json", stamp: "none" } as const;
    expect(JSON.parse(format(policy, blockOf("begin", { unfinished: true }))).partial).toBe(true);
    expect(JSON.parse(format(policy, blockOf("end\n", { continues: true }))).partial).toBeUndefined();
  });
});

describe("reading records back", () => {
  test.each([
    { format: "plain", stamp: "iso" },
    { format: "plain", stamp: "unix" },
    { format: "plain", stamp: "tai64n" },
    { format: "json", stamp: "iso" },
  ] as const)("gives time and text again: %j", (policy) => {
    const line = format(policy, blockOf("some text\n")).trimEnd();
    expect(recordParserOf(policy)(line)).toMatchObject({ at: AT, text: "some text" });
  });

  test("takes a line of another format as it is", () => {
    for (const stamp of ["iso", "unix", "tai64n", "none"] as const) {
      expect(recordParserOf({ format: "plain", stamp })("2026 was a year").text).toBe("2026 was a year");
    }
    for (const line of ["{", "[1]", "null", '{"a":1}']) {
      expect(recordParserOf({ format: "json", stamp: "iso" })(line).text).toBe(line);
    }
  });
});
