import { millis, type Millis } from "../core/units.ts";

/** Milliseconds in each unit of time that a definition may use. */
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Bytes in each unit of size that a definition may use. */
const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** What people write instead of a unit of time, by its beginning. */
const TIME_HABITS: readonly (readonly [RegExp, string])[] = [
  [/^(s|secs?|seconds?)?$/, "s"],
  [/^(ms|msecs?|millis|milliseconds?)$/, "ms"],
  [/^(m|mins?|minutes?)$/, "m"],
  [/^(h|hrs?|hours?)$/, "h"],
  [/^(d|days?)$/, "d"],
];

/** Reads "250ms", "10s", "5m", "2h" or "1d"; null if it is none. */
export function parseDuration(text: string): Millis | null {
  const amount = amountOf(text, TIME_UNITS);
  return amount === null ? null : millis(amount);
}

/** Reads "64KiB", "10MiB" and so on into bytes; null if it is no size. */
export function parseSize(text: string): number | null {
  return amountOf(text, SIZE_UNITS);
}

/** The duration that was probably meant ("10 sec" and 10 for "10s"), or null. */
export function suggestDuration(input: unknown): string | null {
  const [, digits, unit] = /^\s*([0-9]+)\s*([a-z]*)\s*$/i.exec(writtenOf(input)) ?? [];
  if (digits === undefined || unit === undefined) return null;
  const meant = TIME_HABITS.find(([pattern]) => pattern.test(unit.toLowerCase()))?.[1];
  return meant === undefined ? null : `did you mean "${digits}${meant}"?`;
}

/** The size that was probably meant ("10MB" for "10MiB", 1048576 for "1MiB"), or null. */
export function suggestSize(input: unknown): string | null {
  const [, digits, prefix] = /^\s*([0-9]+)\s*([kmgt]?)i?b?\s*$/i.exec(writtenOf(input)) ?? [];
  if (digits === undefined || prefix === undefined) return null;
  if (prefix !== "") return `did you mean "${digits}${prefix.toUpperCase()}iB"?`;
  const bytes = Number(digits);
  const unit = ["GiB", "MiB", "KiB"].find((name) => bytes > 0 && bytes % (SIZE_UNITS[name] ?? 1) === 0);
  return unit === undefined
    ? `did you mean "${digits}MiB"?`
    : `did you mean "${bytes / (SIZE_UNITS[unit] ?? 1)}${unit}"?`;
}

function amountOf(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, digits, unit] = /^([0-9]{1,15})([A-Za-z]+)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined || !Object.hasOwn(units, unit)) return null;
  const amount = Number(digits) * (units[unit] ?? 1);
  return Number.isSafeInteger(amount) ? amount : null;
}

function writtenOf(input: unknown): string {
  return typeof input === "string" || typeof input === "number" ? String(input) : "";
}
