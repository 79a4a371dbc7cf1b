import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { WallTime } from "../../src/core/units.ts";
import { syslogDatagramOf } from "../../src/log/syslog-datagram-text.ts";
import { SYSLOG_TEXT_LIMIT, syslogBytesOf, syslogTextOf } from "../../src/log/syslog-text.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("text for syslog", () => {
  test("stays as it is if it is one short line", () => {
    expect(syslogTextOf("büro\tok 😀 100%s")).toBe("büro\tok 😀 100%s");
  });

  test("shows control characters instead of sending them", () => {
    expect(syslogTextOf("a\n<0>forged\r\x1b[2J\x00\x7f\u009b")).toBe("a\\n<0>forged\\r\\x1b[2J\\x00\\x7f\\x9b");
  });

  test("keeps bytes that are not UTF-8", () => {
    const bytes = new Uint8Array([0x61, 0xff, 0x80, 0x9b, 0x0a]);
    expect([...syslogBytesOf(bytes)]).toEqual([0x61, 0xff, 0x80, 0x9b, 0x5c, 0x6e]);
  });

  test("is cut at the limit, between two characters, and says that it was", () => {
    const exact = "x".repeat(SYSLOG_TEXT_LIMIT);
    expect(syslogTextOf(exact)).toBe(exact);
    expect(syslogTextOf(`${exact}x`)).toBe(`${"x".repeat(SYSLOG_TEXT_LIMIT - 3)}...`);
    expect(syslogTextOf("😀".repeat(SYSLOG_TEXT_LIMIT))).toMatch(/^😀+\.\.\.$/u);
    expect(syslogBytesOf(new Uint8Array(10_000_000).fill(0x80))).toHaveLength(SYSLOG_TEXT_LIMIT);
  });

  test("never has a control character and is never too long, and the string form agrees with that of the bytes", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary", minLength: 2000, maxLength: 4000 }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const harmless = syslogTextOf(text);
        expect(harmless).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
        expect(encode(harmless).length).toBeLessThanOrEqual(SYSLOG_TEXT_LIMIT);
        expect(harmless).toBe(decode(syslogBytesOf(encode(text))));
      }),
      { numRuns: 50 },
    );
  });
});

describe("a datagram for syslog", () => {
  // Local time, as the daemon of the same machine expects it.
  const at = new Date(2026, 10, 2, 9, 5, 7).getTime() as WallTime;

  test("has priority, time, tag and pid in the form of RFC 3164", () => {
    const datagram = syslogDatagramOf({
      facility: "daemon",
      severity: "info",
      at,
      tag: "web@1",
      pid: 42,
      text: "ready",
    });
    expect(decode(datagram)).toBe("<30>Nov  2 09:05:07 web@1[42]: ready");
  });

  test("combines facility and severity to the number of syslog(3)", () => {
    const head = (facility: "user" | "local7", severity: "emerg" | "debug"): string =>
      decode(syslogDatagramOf({ facility, severity, at, tag: "a", pid: 1, text: "" })).split(">")[0] ?? "";
    expect(head("user", "emerg")).toBe("<8");
    expect(head("local7", "debug")).toBe("<191");
  });

  test("takes bytes as well, and makes them harmless", () => {
    const text = new Uint8Array([0x61, 0x0a, 0xff]);
    const datagram = syslogDatagramOf({ facility: "daemon", severity: "err", at, tag: "a", pid: 1, text });
    expect(datagram.slice(-4)).toEqual(new Uint8Array([0x61, 0x5c, 0x6e, 0xff]));
  });
});
