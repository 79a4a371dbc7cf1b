import type { VersionView } from "../control/control-port.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** A length of time in milliseconds as people say it, with its two largest units: "3m 12s", "2d 4h", "250ms". */
export function spanWordsOf(span: number): string {
  if (span > 0 && span < 1_000) return `${Math.round(span)}ms`;
  const first = UNITS.findIndex(([, size]) => span >= size);
  if (first === -1) return "0s";
  const words: string[] = [];
  let rest = span;
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count}${unit}`);
  }
  return words.join(" ");
}

/** How long something short took, in milliseconds, as precisely as people care: "0.4ms", "35ms", "1.2s", "3m 12s". */
export function tookWordsOf(span: number): string {
  if (span >= 60_000) return spanWordsOf(span);
  if (span >= 1_000) return `${Math.round(span / 100) / 10}s`;
  return span >= 10 || span === 0 ? `${Math.round(span)}ms` : `${Math.round(span * 10) / 10}ms`;
}

/** How long ago an ISO time was: "3m 12s ago"; what is less than a second ago, or to come, is "now". */
export function agoWordsOf(iso: string, now: number): string {
  const span = now - Date.parse(iso);
  if (Number.isNaN(span)) return iso;
  return span < 1_000 ? "now" : `${spanWordsOf(span)} ago`;
}

type Ages = Pick<VersionView, "since" | "daemon_since" | "version_since" | "replacements">;

/**
 * Since when there is a supervisor, how often another one has gone on for it, and when they became of this version, if they were of
 * another one: "started 2d ago, replaced 3 times, last 5m ago, upgraded 1d 2h ago".
 */
export function ageWordsOf(
  { since, daemon_since: first, version_since: changed, replacements }: Ages,
  now: number,
): string {
  // One of an earlier version does not tell.
  if (!(replacements > 0)) return `started ${agoWordsOf(since, now)}`;
  const words = `started ${agoWordsOf(first, now)}, replaced ${countOf(replacements, "time")}, last ${agoWordsOf(since, now)}`;
  return (changed ?? first) === first ? words : `${words}, upgraded ${agoWordsOf(changed, now)}`;
}

/** How long it is until an ISO time: "in 4s"; "now" when it has come. */
export function untilWordsOf(iso: string, now: number): string {
  const span = Date.parse(iso) - now;
  if (Number.isNaN(span)) return iso;
  return span <= 0 ? "now" : `in ${spanWordsOf(span)}`;
}

/** "1 service", "2 services". */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
