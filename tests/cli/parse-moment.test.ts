import { describe, expect, test } from "bun:test";
import { parseMoment } from "../../src/cli/parse-moment.ts";

// A time of day in the zone of this machine, whichever that is.
const NOW = new Date(2026, 2, 15, 14, 30, 15, 250).getTime();
const local = (...parts: [number, number, number, number?, number?, number?, number?]): number =>
  new Date(...parts).getTime();

describe("a moment", () => {
  const moments: readonly (readonly [string, number])[] = [
    ["now", NOW],
    ["10m", NOW - 600_000],
    ["10m ago", NOW - 600_000],
    ["-10m", NOW - 600_000],
    ["1h30m", NOW - 5_400_000],
    ["250ms", NOW - 250],
    ["2d", NOW - 172_800_000],
    ["1w", NOW - 604_800_000],
    ["@1700000000", 1_700_000_000_000],
    ["today", local(2026, 2, 15)],
    ["yesterday", local(2026, 2, 14)],
    ["yesterday 09:05", local(2026, 2, 14, 9, 5)],
    ["today 9:05:07", local(2026, 2, 15, 9, 5, 7)],
    ["14:30", local(2026, 2, 15, 14, 30)],
    ["14:31", local(2026, 2, 14, 14, 31)],
    ["00:00", local(2026, 2, 15)],
    ["2026-01-31", local(2026, 0, 31)],
    ["2026-01-31 14:30", local(2026, 0, 31, 14, 30)],
    ["2026-01-31T14:30:15", local(2026, 0, 31, 14, 30, 15)],
    ["2026-01-31T14:30:15.5", local(2026, 0, 31, 14, 30, 15, 500)],
    ["2026-01-31T14:30Z", Date.UTC(2026, 0, 31, 14, 30)],
    ["2026-01-31 14:30 UTC", Date.UTC(2026, 0, 31, 14, 30)],
    ["2026-01-31T14:30:15.678901Z", Date.UTC(2026, 0, 31, 14, 30, 15, 678)],
    ["2026-01-31T14:30+02:00", Date.UTC(2026, 0, 31, 12, 30)],
    ["2026-01-31T14:30-0330", Date.UTC(2026, 0, 31, 18, 0)],
    [" 10m ", NOW - 600_000],
  ];
  test.each(moments)("may be written %j", (text, expected) => expect(parseMoment(text, NOW)).toBe(expected));

  const none = [
    "",
    "10",
    "m",
    "10x",
    "soon",
    "24:00",
    "12:60",
    "2026-02-30",
    "2026-13-01",
    "2026-02-30T10:00Z",
    "1.5h",
  ];
  none.push("tomorrow", "2026-01-31T", "2026-01-31 14:30 CET", "14:30Z", "2026-1-1", "@", "__proto__", "10m 5s");
  test.each(none)("is not %j", (text) => expect(parseMoment(text, NOW)).toBe(null));
});
