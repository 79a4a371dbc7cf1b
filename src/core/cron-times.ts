/*
 * When a cron expression is due, in a time zone whose clocks are put forward and back.
 *
 * A time of day ("30 2 * * *") is meant by the clock on the wall: once a day. If it is left out, it is due at the first
 * instant after the gap; if it comes twice, it is due the first time.
 * Something frequent ("*\/10 * * * *", "0 * * * *": minute or hour begins with "*") is meant by elapsed time: it is due
 * whenever the clock shows a matching time, so it goes on evenly when an hour comes twice, and when an hour is left out
 * there is nothing to make up for. This is Vixie's rule.
 */
import type { Cron } from "./cron.ts";
import { changeBetween, instantOf, offsetAt } from "./time-zone.ts";
import type { WallTime } from "./units.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** February 29 is at most eight years away (1896, 1904; 2096, 2104). */
const SEARCHED_MS = (8 * 365 + 3) * DAY_MS;
/** Between two changes of a zone's clocks there is at least this much. */
const QUIET_MS = 14 * DAY_MS;

/** The first time after `after` at which it is due; null: none within eight years. Throws for a name that is no zone. */
export function nextCronTime(cron: Cron, zone: string, after: WallTime): WallTime | null {
  return cron.isFrequent ? nextShown(cron, zone, after) : nextTimeOfDay(cron, zone, after);
}

function nextTimeOfDay(cron: Cron, zone: string, after: WallTime): WallTime | null {
  const until = after + SEARCHED_MS;
  let local = floorMinute(after + offsetAt(zone, after));
  for (;;) {
    const found = nextLocal(cron, local, until);
    if (found === null) return null;
    const instant = instantOf(zone, found);
    if (instant > after) return instant;
    local = found + MINUTE_MS;
  }
}

function nextShown(cron: Cron, zone: string, after: WallTime): WallTime | null {
  const until = after + SEARCHED_MS;
  const before = offsetAt(zone, after);
  let instant = (floorMinute(after + before) + MINUTE_MS - before) as WallTime;
  let offset = offsetAt(zone, instant);
  for (;;) {
    const local = instant + offset;
    const found = nextLocal(cron, local, until);
    if (found === null) return null;
    const ahead = Math.min(found - local, QUIET_MS);
    const next = (instant + ahead) as WallTime;
    const nextOffset = offsetAt(zone, next);
    if (nextOffset !== offset) {
      // From the change on the clock shows other times: look again from there.
      instant = changeBetween(zone, instant, next);
      offset = nextOffset;
    } else if (local + ahead === found) return next;
    else instant = next;
  }
}

/** The first matching local time that is not before `from`, a whole minute; null: none until `until`. */
function nextLocal(cron: Cron, from: number, until: number): number | null {
  let day = Math.floor(from / DAY_MS) * DAY_MS;
  let least = (from - day) / MINUTE_MS;
  while (day <= until) {
    const minute = isDay(cron, new Date(day)) ? nextMinuteOfDay(cron, least) : null;
    if (minute !== null) return day + minute * MINUTE_MS;
    day += DAY_MS;
    least = 0;
  }
  return null;
}

function nextMinuteOfDay({ hours, minutes }: Cron, least: number): number | null {
  for (const hour of hours) {
    const minute = minutes.find((each) => hour * 60 + each >= least);
    if (minute !== undefined) return hour * 60 + minute;
  }
  return null;
}

function isDay(cron: Cron, date: Date): boolean {
  if (!cron.months.includes(date.getUTCMonth() + 1)) return false;
  const isNumber = cron.days.includes(date.getUTCDate());
  const isWeekday = cron.weekdays.includes(date.getUTCDay());
  return cron.eitherDay ? isNumber || isWeekday : isNumber && isWeekday;
}

function floorMinute(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}
