import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Cron, LONGEST_CRON, parseCron, validateCron } from "../../src/core/cron.ts";

function cronOf(text: string): Cron {
  const result = parseCron(text);
  if (result.tag === "rejected") throw new Error(result.reason);
  return result.cron;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const EVERY = {
  minutes: range(0, 59),
  hours: range(0, 23),
  days: range(1, 31),
  months: range(1, 12),
  weekdays: range(0, 6),
};

describe("a cron expression", () => {
  test.each<[string, Partial<Cron>]>([
    ["* * * * *", { eitherDay: false, isFrequent: true }],
    ["5 4 * * *", { minutes: [5], hours: [4], isFrequent: false }],
    ["0,30 8-10 * * *", { minutes: [0, 30], hours: [8, 9, 10] }],
    ["*/20 * * * *", { minutes: [0, 20, 40], isFrequent: true }],
    ["0 */6 * * *", { minutes: [0], hours: [0, 6, 12, 18], isFrequent: true }],
    ["10-40/15 1 * * *", { minutes: [10, 25, 40], hours: [1], isFrequent: false }],
    ["0 0 * jan,MAR-may *", { months: [1, 3, 4, 5] }],
    ["0 0 * * mon-fri", { weekdays: [1, 2, 3, 4, 5] }],
    ["0 0 * * 0", { weekdays: [0] }],
    ["0 0 * * 7", { weekdays: [0] }],
    ["0 0 * * 5-7", { weekdays: [0, 5, 6] }],
    ["0 0 * * sat-sun", { weekdays: [0, 6] }],
    ["0 0 * * sun-tue", { weekdays: [0, 1, 2] }],
    ["0 0 1 * 1", { days: [1], weekdays: [1], eitherDay: true }],
    ["0 0 */10 * 1", { days: [1, 11, 21, 31], weekdays: [1], eitherDay: false }],
    ["0 0 1 * *", { days: [1], eitherDay: false }],
    ["  0\t0  1,1,1 * *  ", { days: [1] }],
    ["007 0 * * *", { minutes: [7] }],
  ])("%j means its fields", (text, expected) => {
    expect(cronOf(text)).toMatchObject(expected);
  });

  test("restricts only what it names", () => {
    expect(cronOf("* * * * *")).toEqual({ ...EVERY, eitherDay: false, isFrequent: true });
  });

  test.each([
    ["@yearly", "0 0 1 1 *"],
    ["@annually", "0 0 1 1 *"],
    ["@monthly", "0 0 1 * *"],
    ["@weekly", "0 0 * * 0"],
    ["@daily", "0 0 * * *"],
    ["@midnight", "0 0 * * *"],
    ["@hourly", "0 * * * *"],
    ["@Daily", "0 0 * * *"],
  ])("%s is short for %s", (nickname, text) => {
    expect(parseCron(nickname)).toEqual(parseCron(text));
  });

  test.each([
    ["75 * * * *", 'minute "75" is not from 0 to 59'],
    ["* 24 * * *", 'hour "24" is not from 0 to 23'],
    ["* * 0 * *", 'day of month "0" is not from 1 to 31'],
    ["* * * 13 *", 'month "13" is not from 1 to 12 or a name like "feb"'],
    ["* * * * 8", 'day of week "8" is not from 0 to 7 or a name like "mon"'],
    ["mon * * * *", 'minute "mon" is not from 0 to 59'],
    ["* * * mon *", 'month "mon" is not from 1 to 12 or a name like "feb"'],
    ["-5 * * * *", 'minute "" is not from 0 to 59'],
    ["1- * * * *", 'minute "" is not from 0 to 59'],
    ["1,,2 * * * *", 'minute "" is no number or range'],
    ["1-2-3 * * * *", 'minute "1-2-3" is no number or range'],
    ["*/2/3 * * * *", 'minute "*/2/3" is no number or range'],
    ["1.5 * * * *", 'minute "1.5" is not from 0 to 59'],
    ["** * * * *", 'minute "**" is not from 0 to 59'],
    ["*-5 * * * *", 'minute "*" is not from 0 to 59'],
    ["30-10 * * * *", 'minute "30-10" ends before it begins'],
    ["* * * * fri-mon", 'day of week "fri-mon" ends before it begins'],
    ["*/0 * * * *", 'minute step "0" is not from 1 to 59'],
    ["*/60 * * * *", 'minute step "60" is not from 1 to 59'],
    ["5/15 * * * *", 'minute "5/15" has a step without a range, want "5-59/15"'],
    ["0 0 31 2,4 *", 'day of month "31" is never in month "2,4"'],
    ["0 0 30 feb *", 'day of month "30" is never in month "feb"'],
    ["* * * *", "got 4 of 5 fields: minute, hour, day of month, month, day of week"],
    ["* * * * * *", "got 6 fields, want 5 fields: minute, hour, day of month, month, day of week"],
    ["", "got 0 of 5 fields: minute, hour, day of month, month, day of week"],
    ["@reboot", '"@reboot" is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly'],
    [
      `${"1,".repeat(LONGEST_CRON)}1 * * * *`,
      `it has ${2 * LONGEST_CRON + 9} characters, want at most ${LONGEST_CRON}`,
    ],
  ])("%j is refused with what is wrong in it", (text, reason) => {
    expect(validateCron(text)).toBe(reason);
  });

  test.each(["0 0 31 2 1", "0 0 29 2 *", "0 0 31 2,3 *"])("%j is taken: there is such a day", (text) => {
    expect(validateCron(text)).toBeNull();
  });

  test("is read or refused, whatever it is, and never anything else", () => {
    const odd = fc.stringMatching(/^[-*/, @0-9a-z]{0,30}$/);
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (text) => {
        const result = parseCron(text);
        expect(validateCron(text)).toBe(result.tag === "ok" ? null : result.reason);
        if (result.tag === "ok")
          for (const list of [result.cron.minutes, result.cron.hours, result.cron.months, result.cron.weekdays])
            expect(list.length).toBeGreaterThan(0);
      }),
    );
  });
});
