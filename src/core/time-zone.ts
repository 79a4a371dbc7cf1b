/*
 * Wall-clock times of time zones. A local time is written as the milliseconds that it would have in UTC, so that it can be
 * reckoned with like any other number: local = instant + offset.
 */
import type { WallTime } from "./units.ts";

const HOUR_MS = 3_600_000;
/** No zone is further from UTC than 14 hours. */
const FURTHEST_MS = 15 * HOUR_MS;

/** Making a formatter costs some hundred times what it costs to use one. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** true: this is the name of a zone in the IANA database ("Europe/Berlin", "UTC"). */
export function isTimeZone(name: string): boolean {
  // Offsets like "+02:00" are taken by the runtime as well, but are no names.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** How far the zone's clocks are ahead of UTC at that instant, in milliseconds. Throws for a name that is no zone. */
export function offsetAt(zone: string, at: WallTime): number {
  if (zone === "UTC") return 0;
  const text = formatterOf(zone).format(at);
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (match === null) throw new Error(`internal error: no offset in "${text}"`);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -size : size;
}

/**
 * When a local time comes for the first time. One that is left out because the clocks are put forward comes at the first
 * instant after the gap.
 */
export function instantOf(zone: string, local: number): WallTime {
  const [from, to] = [(local - FURTHEST_MS) as WallTime, (local + FURTHEST_MS) as WallTime];
  const [before, after] = [offsetAt(zone, from), offsetAt(zone, to)];
  if (before === after) return (local - before) as WallTime;
  const change = changeBetween(zone, from, to);
  if (local - before < change) return (local - before) as WallTime;
  return Math.max(local - after, change) as WallTime;
}

/** The instant from which the offset is another than at `from`. It is another at `to`, and changes only once between. */
export function changeBetween(zone: string, from: WallTime, to: WallTime): WallTime {
  const before = offsetAt(zone, from);
  let [low, high] = [from as number, to as number];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle as WallTime) === before) low = middle;
    else high = middle;
  }
  return high as WallTime;
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  formatters.set(zone, made);
  return made;
}
