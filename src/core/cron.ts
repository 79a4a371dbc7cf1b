/*
 * Cron expressions of five fields, as crontab(5) of Vixie describes them: minute, hour, day of month, month, day of week.
 * A field is "*" or a list of numbers, names and ranges, ranges and "*" optionally with a step: "1-5", "mon-fri", "*\/10".
 *
 * If both the day of month and the day of week are restricted, a day matches when either does. A field that begins with
 * "*" counts as not restricted, also with a step: that is Vixie's rule, and what existing crontabs rely on.
 */

/** What an expression means. Each list is sorted and without doubles. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  /** 1 is January. */
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** true: a day matches when its number or its weekday does; otherwise both must. */
  readonly eitherDay: boolean;
  /** true: minute or hour begins with "*", so it is meant as "every so often" rather than "at this time of day". */
  readonly isFrequent: boolean;
}

export type CronResult =
  | { readonly tag: "ok"; readonly cron: Cron }
  /** `reason` is a clause: `minute "75" is not from 0 to 59`. */
  | { readonly tag: "rejected"; readonly reason: string };

/** The longest expression in characters. */
export const LONGEST_CRON = 500;

interface Field {
  readonly what: string;
  readonly least: number;
  readonly most: number;
  /** Names of the values from `least` on. */
  readonly names: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const MINUTE: Field = { what: "minute", least: 0, most: 59, names: [] };
const HOUR: Field = { what: "hour", least: 0, most: 23, names: [] };
const DAY: Field = { what: "day of month", least: 1, most: 31, names: [] };
const MONTH: Field = { what: "month", least: 1, most: 12, names: MONTHS };
/** 7 is Sunday as well. */
const WEEKDAY: Field = { what: "day of week", least: 0, most: 7, names: WEEKDAYS };

const FIELDS_WANTED = "5 fields: minute, hour, day of month, month, day of week";

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

/** Days that each month can have, from January. */
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What is wrong with an expression, as a clause; null: nothing. */
export function validateCron(text: string): string | null {
  const result = parseCron(text);
  return result.tag === "ok" ? null : result.reason;
}

export function parseCron(text: string): CronResult {
  if (text.length > LONGEST_CRON) return rejected(`it has ${text.length} characters, want at most ${LONGEST_CRON}`);
  const trimmed = text.trim().toLowerCase();
  if (trimmed.startsWith("@") && !NICKNAMES.has(trimmed))
    return rejected(`${JSON.stringify(trimmed)} is none of ${[...NICKNAMES.keys()].join(", ")}`);
  const words = (NICKNAMES.get(trimmed) ?? trimmed).split(/[ \t]+/);
  const [minute, hour, day, month, weekday, ...rest] = words;
  if (minute === undefined || hour === undefined || day === undefined || month === undefined || weekday === undefined)
    return rejected(`got ${trimmed === "" ? 0 : words.length} of ${FIELDS_WANTED}`);
  if (rest.length > 0) return rejected(`got ${words.length} fields, want ${FIELDS_WANTED}`);
  const minutes = parseField(minute, MINUTE);
  if (typeof minutes === "string") return rejected(minutes);
  const hours = parseField(hour, HOUR);
  if (typeof hours === "string") return rejected(hours);
  const days = parseField(day, DAY);
  if (typeof days === "string") return rejected(days);
  const months = parseField(month, MONTH);
  if (typeof months === "string") return rejected(months);
  const weekdays = parseField(weekday, WEEKDAY);
  if (typeof weekdays === "string") return rejected(weekdays);
  const eitherDay = !day.startsWith("*") && !weekday.startsWith("*");
  if (!eitherDay && !months.some((each) => (days[0] ?? 0) <= (LONGEST_MONTHS[each - 1] ?? 0)))
    return rejected(`day of month ${JSON.stringify(day)} is never in month ${JSON.stringify(month)}`);
  const isFrequent = minute.startsWith("*") || hour.startsWith("*");
  const sundayIsZero = [...new Set(weekdays.map((each) => each % 7))].toSorted((left, right) => left - right);
  return { tag: "ok", cron: { minutes, hours, days, months, weekdays: sundayIsZero, eitherDay, isFrequent } };
}

/** The values of a field, or what is wrong with it. */
function parseField(text: string, field: Field): readonly number[] | string {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const problem = addPart(part, field, values);
    if (problem !== null) return problem;
  }
  return [...values].toSorted((left, right) => left - right);
}

function addPart(part: string, field: Field, values: Set<number>): string | null {
  const { what, least, most } = field;
  const [range = "", stepText, ...more] = part.split("/");
  const [fromText = "", toText, ...others] = range.split("-");
  if (part === "" || more.length > 0 || others.length > 0) return `${what} ${quote(part)} is no number or range`;
  const isAny = range === "*";
  const from = isAny ? least : parseValue(fromText, field);
  // "sat-sun" ends on the Sunday after it.
  const isLastSunday = field === WEEKDAY && toText === "sun";
  const to = isAny ? most : isLastSunday ? 7 : toText === undefined ? from : parseValue(toText, field);
  if (from === null) return `${what} ${quote(fromText)} is not ${wantedOf(field)}`;
  if (to === null) return `${what} ${quote(toText ?? "")} is not ${wantedOf(field)}`;
  if (to < from) return `${what} ${quote(range)} ends before it begins`;
  if (stepText !== undefined && !isAny && toText === undefined)
    return `${what} ${quote(part)} has a step without a range, want ${quote(`${fromText}-${most}/${stepText}`)}`;
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (step === null || step < 1 || step > most) return `${what} step ${quote(stepText ?? "")} is not from 1 to ${most}`;
  for (let value = from; value <= to; value += step) values.add(value);
  return null;
}

function parseValue(text: string, { least, most, names }: Field): number | null {
  const named = names.indexOf(text);
  if (named >= 0) return least + named;
  const value = parseNumber(text);
  return value !== null && value >= least && value <= most ? value : null;
}

function parseNumber(text: string): number | null {
  return /^\d{1,3}$/.test(text) ? Number(text) : null;
}

function wantedOf({ least, most, names }: Field): string {
  return `from ${least} to ${most}${names.length === 0 ? "" : ` or a name like "${names[1] ?? ""}"`}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

function rejected(reason: string): CronResult {
  return { tag: "rejected", reason };
}
