import { parseDuration } from "../config/quantities.ts";
import { MAX_TIMEOUT_MS } from "../control/limits.ts";
import type { Millis } from "../core/units.ts";

/** Reads "250ms", "10s", "5m", "2h" or "1d", from one millisecond up to a day; null if it is anything else. */
export function parseTimeout(text: string): Millis | null {
  const span = parseDuration(text);
  return span !== null && span >= 1 && span <= MAX_TIMEOUT_MS ? span : null;
}

/** Says what is wrong with the value of an option that wants a time. */
export function timeoutProblem(option: string, text: string): string {
  return `cannot read "${option}": got ${JSON.stringify(text)}, want a time with a unit, up to a day, like "10s"`;
}
