/* Times as people write them, in the time zone of whoever asks. */

/** What an option that takes such a time wants, for messages and helps. */
export const MOMENT_FORMS = '"10m", "2h", "yesterday", "14:30", "2026-01-31 14:30" or "2026-01-31T14:30:00Z"';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const SPAN = /^-?((?:\d{1,9}(?:ms|s|m|h|d|w))+)(?: ago)?$/;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/;
const DAYS: Readonly<Record<string, number>> = { today: 0, yesterday: -1 };

/**
 * Reads a moment, in milliseconds since 1970; null if it is none. A span is that long before `now`; a time of day without a
 * day was the last time that it was so.
 */
export function parseMoment(text: string, now: number): number | null {
  const written = text.trim().replace(/ UTC$/, "Z");
  if (written === "now") return now;
  if (/^@\d{1,12}$/.test(written)) return Number(written.slice(1)) * 1000;
  const span = SPAN.exec(written)?.[1];
  if (span !== undefined) return now - spanOf(span);
  if (CLOCK.test(written)) return lastTimeOfDay(written, now);
  const [day = "", clock, ...more] = written.split(/[T ]/);
  if (more.length > 0) return null;
  const zone = ZONE.exec(clock ?? "")?.[0] ?? null;
  if (zone !== null) return DATE.test(day) ? zonedMoment(day, clock ?? "", zone) : null;
  return localMoment(day, clock ?? "00:00", now);
}

function spanOf(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) sum += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return sum;
}

function lastTimeOfDay(clock: string, now: number): number | null {
  const today = localMoment("today", clock, now);
  return today === null || today <= now ? today : localMoment("yesterday", clock, now);
}

function localMoment(day: string, clock: string, now: number): number | null {
  const time = timeOf(clock);
  const date = dateOf(day, now);
  if (time === null || date === null) return null;
  const moment = new Date(date.year, date.month, date.day, time.hour, time.minute, time.second, time.millis);
  // What is no date is taken for another one: "2026-02-30". Days that are counted from today always are.
  const isDate = Object.hasOwn(DAYS, day) || (moment.getMonth() === date.month && moment.getDate() === date.day);
  return isDate ? moment.getTime() : null;
}

function zonedMoment(day: string, clock: string, zone: string): number | null {
  const time = timeOf(clock.slice(0, -zone.length));
  const date = dateOf(day, 0);
  if (time === null || date === null) return null;
  const moment = Date.UTC(date.year, date.month, date.day, time.hour, time.minute, time.second, time.millis);
  if (new Date(moment).getUTCDate() !== date.day) return null;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * 60_000;
  return moment - (sign === "-" ? -offset : offset);
}

function dateOf(
  day: string,
  now: number,
): { readonly year: number; readonly month: number; readonly day: number } | null {
  const back = Object.hasOwn(DAYS, day) ? DAYS[day] : undefined;
  if (back !== undefined) {
    const today = new Date(now);
    return { year: today.getFullYear(), month: today.getMonth(), day: today.getDate() + back };
  }
  const [, year, month, date] = DATE.exec(day) ?? [];
  return year === undefined ? null : { year: Number(year), month: Number(month) - 1, day: Number(date) };
}

interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millis: number;
}

function timeOf(clock: string): TimeOfDay | null {
  const [, hour, minute, second = "0", fraction = "0"] = CLOCK.exec(clock) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  return {
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millis: Math.floor(Number(`0.${fraction}`) * 1000),
  };
}
