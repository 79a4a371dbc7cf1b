import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nextCronTime } from "../../src/core/cron-times.ts";
import { type Cron, parseCron } from "../../src/core/cron.ts";
import { isTimeZone, offsetAt } from "../../src/core/time-zone.ts";
import type { WallTime } from "../../src/core/units.ts";
import { dueMinutes, shownBetween } from "./cron-reference.ts";

const BERLIN = "Europe/Berlin";
const NEW_YORK = "America/New_York";
const LORD_HOWE = "Australia/Lord_Howe";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function cronOf(text: string): Cron {
  const result = parseCron(text);
  if (result.tag === "rejected") throw new Error(result.reason);
  return result.cron;
}

/** The next times after a moment. */
function timesOf(text: string, zone: string, { after, count }: { after: string; count: number }): readonly string[] {
  const times: string[] = [];
  let at = Date.parse(after) as WallTime;
  while (times.length < count) {
    const next = nextCronTime(cronOf(text), zone, at);
    if (next === null) break;
    times.push(new Date(next).toISOString().replace(":00.000Z", "Z"));
    at = next;
  }
  return times;
}

describe("the next time of a cron expression", () => {
  test.each<[string, string, string, readonly string[]]>([
    ["0 3 * * *", "UTC", "2026-01-01T00:00:00Z", ["2026-01-01T03:00Z", "2026-01-02T03:00Z"]],
    ["0 3 * * *", "UTC", "2026-01-01T03:00:00Z", ["2026-01-02T03:00Z"]],
    ["0 3 * * *", "UTC", "2026-01-01T02:59:59.999Z", ["2026-01-01T03:00Z"]],
    ["0 3 * * *", BERLIN, "2026-01-01T00:00:00Z", ["2026-01-01T02:00Z"]],
    ["0 3 * * *", BERLIN, "2026-07-01T00:00:00Z", ["2026-07-01T01:00Z"]],
    ["0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
    ["0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", ["2104-02-29T00:00Z"]],
    ["0 0 13 * 5", "UTC", "2026-02-07T00:00:00Z", ["2026-02-13T00:00Z", "2026-02-20T00:00Z", "2026-02-27T00:00Z"]],
    ["0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", ["2026-03-31T00:00Z", "2026-05-31T00:00Z"]],
    ["59 23 31 12 *", "UTC", "2026-01-01T00:00:00Z", ["2026-12-31T23:59Z", "2027-12-31T23:59Z"]],
    ["30 5 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z", ["2026-01-01T23:45Z"]],
  ])("%s in %s after %s", (text, ...[zone, after, expected]) => {
    expect(timesOf(text, zone, { after, count: expected.length })).toEqual(expected);
  });
});

describe("a time of day", () => {
  test.each<[string, string, string, string, readonly string[]]>([
    ["that is left out", BERLIN, "30 2 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]],
    ["that is left out", NEW_YORK, "30 2 * * *", "2026-03-07T12:00:00Z", ["2026-03-08T07:00Z", "2026-03-09T06:30Z"]],
    ["that is left out", LORD_HOWE, "15 2 * * *", "2026-10-03T00:00:00Z", ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]],
    // Both fall on the same instant.
    ["left out and after the gap", BERLIN, "0 2,3 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00Z"]],
    ["midnight that is left out", "America/Sao_Paulo", "0 0 * * *", "2018-11-03T12:00:00Z", ["2018-11-04T03:00Z"]],
    // Samoa had no December 30 in 2011.
    ["on a day left out", "Pacific/Apia", "0 12 30 12 *", "2011-12-01T00:00:00Z", ["2011-12-30T10:00Z"]],
  ])("%s in %s comes at the first instant after the gap (%s)", (_title, ...[zone, text, after, expected]) => {
    expect(timesOf(text, zone, { after, count: expected.length })).toEqual(expected);
  });

  test.each<[string, string, string, readonly string[]]>([
    [BERLIN, "30 2 * * *", "2026-10-24T12:00:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]],
    [NEW_YORK, "30 1 * * *", "2026-10-31T12:00:00Z", ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]],
    [LORD_HOWE, "45 1 * * *", "2026-04-04T00:00:00Z", ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]],
  ])("that comes twice in %s comes the first time (%s)", (zone, ...[text, after, expected]) => {
    expect(timesOf(text, zone, { after, count: expected.length })).toEqual(expected);
  });

  test("that comes twice is not due in the second hour when asked in it", () => {
    expect(timesOf("30 2 * * *", BERLIN, { after: "2026-10-25T01:10:00Z", count: 1 })).toEqual(["2026-10-26T01:30Z"]);
  });

  test.each([BERLIN, NEW_YORK, LORD_HOWE, "UTC"])("comes once on every day of 40 years in %s", (zone) => {
    const cron = cronOf("10 2 * * *");
    let at = Date.parse("2000-01-01T00:00:00Z") as WallTime;
    const days = new Set<number>();
    for (let day = 0; day < 14_600; day++) {
      const next = nextCronTime(cron, zone, at);
      if (next === null) throw new Error("never");
      days.add(Math.floor((next + offsetAt(zone, next)) / DAY_MS));
      expect(next - at).toBeLessThanOrEqual(38 * HOUR_MS);
      at = next;
    }
    expect(days.size).toBe(14_600);
    expect(Math.max(...days) - Math.min(...days)).toBe(14_599);
  });
});

describe("what is due frequently", () => {
  test("goes on evenly while an hour comes twice", () => {
    const times = timesOf("*/30 * * * *", BERLIN, { after: "2026-10-24T23:30:00Z", count: 6 });
    expect(times).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
      "2026-10-25T02:30Z",
    ]);
  });

  test("goes on evenly while an hour is left out, and makes up for nothing", () => {
    const times = ["2026-03-29T00:30Z", "2026-03-29T01:00Z", "2026-03-29T01:30Z"];
    expect(timesOf("*/30 * * * *", BERLIN, { after: "2026-03-29T00:00:00Z", count: 3 })).toEqual(times);
    expect(timesOf("*/30 2 * * *", BERLIN, { after: "2026-03-28T12:00:00Z", count: 1 })).toEqual(["2026-03-30T00:00Z"]);
  });
});

describe("what is due frequently in an hour that comes twice", () => {
  test("is due in both, asked at the last minute of the first", () => {
    expect(timesOf("* 0-1 * * *", NEW_YORK, { after: "2026-11-01T05:59:00Z", count: 2 })).toEqual([
      "2026-11-01T06:00Z",
      "2026-11-01T06:01Z",
    ]);
  });

  test("is due in the first, asked many months before", () => {
    expect(timesOf("*/30 2 25 10 *", BERLIN, { after: "2026-01-01T00:00:00Z", count: 3 })).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
    ]);
  });
});

/** A field of an expression that means some of the values from `least` to `most`. */
function field(least: number, most: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: most });
  const stepped = fc.tuple(fc.oneof(range, fc.constant("*")), step).map(([from, by]) => `${from}/${by}`);
  const list = fc.array(fc.oneof(value.map(String), range), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant("*") },
    list.map((parts) => parts.join(",")),
    stepped,
  );
}

const anyCron = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), fc.constant("*"), field(0, 7))
  .map((fields) => fields.join(" "));

describe("compared with a walk through every minute", () => {
  // Three days around each change of 2026 and 2027, in which nearly everything that is odd happens.
  test.each([
    [BERLIN, ["2026-03-28", "2026-10-24", "2027-03-27", "2027-10-30"]],
    [NEW_YORK, ["2026-03-07", "2026-10-31", "2027-03-13", "2027-11-06"]],
    [LORD_HOWE, ["2026-04-04", "2026-10-03", "2027-04-03", "2027-10-02"]],
    ["UTC", ["2026-02-27", "2027-12-30"]],
  ])("every time in %s is the same", (zone, days) => {
    const walks = days.map((day) => {
      const from = Date.parse(`${day}T00:00:00Z`);
      return shownBetween(zone, from, from + 3 * DAY_MS);
    });
    fc.assert(
      fc.property(anyCron, fc.nat(walks.length - 1), (text, index) => {
        const walk = walks[index] ?? [];
        const cron = cronOf(text);
        const expected = dueMinutes(text, walk);
        const actual: number[] = [];
        const [from, to] = [walk[0]?.instant ?? 0, walk.at(-1)?.instant ?? 0];
        for (let at = from as WallTime; ;) {
          const next = nextCronTime(cron, zone, at);
          if (next === null || next > to) break;
          actual.push(next);
          at = next;
        }
        expect(actual).toEqual([...expected]);
      }),
      { numRuns: 60 },
    );
  });

  test("the runtime's own reckoning agrees wherever the clocks are not being changed", () => {
    const zone = fc.constantFrom(BERLIN, NEW_YORK, LORD_HOWE, "UTC");
    const start = fc.integer({ min: Date.parse("2000-01-01"), max: Date.parse("2037-01-01") });
    fc.assert(
      fc.property(anyCron, zone, start, (text, tz, at) => {
        // Both days restricted, one of them by a step: there it goes by another rule.
        const [, , day = "", , weekday = ""] = text.split(" ");
        fc.pre(!(day.startsWith("*/") || weekday.startsWith("*/")));
        const next = nextCronTime(cronOf(text), tz, at as WallTime);
        fc.pre(
          next !== null && offsetAt(tz, (next - DAY_MS) as WallTime) === offsetAt(tz, (next + DAY_MS) as WallTime),
        );
        fc.pre(next !== null && offsetAt(tz, (next - DAY_MS) as WallTime) === offsetAt(tz, at as WallTime));
        expect(next as number | null).toBe(Bun.cron.parse(text, at, { tz })?.getTime() ?? null);
      }),
    );
  });
});

test("a time zone is known by its IANA name alone", () => {
  for (const name of ["UTC", BERLIN, LORD_HOWE, "Asia/Kathmandu"]) expect(isTimeZone(name)).toBe(true);
  for (const name of ["", "Berlin", "+02:00", "Europe/Nowhere", "../etc/passwd"]) expect(isTimeZone(name)).toBe(false);
});

test.each([
  ["UTC", "2026-07-01", 0],
  [BERLIN, "2026-01-01", 1],
  [BERLIN, "2026-07-01", 2],
  [NEW_YORK, "2026-01-01", -5],
  [LORD_HOWE, "2026-07-01", 10.5],
  [LORD_HOWE, "2026-01-01", 11],
  ["Asia/Kathmandu", "2026-01-01", 5.75],
  ["Pacific/Marquesas", "2026-01-01", -9.5],
])("the clocks of %s on %s are %d hours ahead of UTC", (zone, day, hours) => {
  expect(offsetAt(zone, Date.parse(day) as WallTime)).toBe(hours * HOUR_MS);
});
