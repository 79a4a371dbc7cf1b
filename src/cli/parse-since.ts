import { parseDuration } from "../config/quantities.ts";

const DAY_MS = 86_400_000;

/**
 * A moment in the past, in milliseconds since 1970, or null: "10m" (ago), "2026-01-02", "2026-01-02T03:04:05Z" (without a zone:
 * by the clock of this machine), "03:04", "today", "yesterday". `now`: milliseconds since 1970.
 */
export function parseSince(text: string, now: number): number | null {
  const ago = parseDuration(text);
  if (ago !== null) return now - ago;
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (text === "today") return midnight;
  if (text === "yesterday") return new Date(midnight - DAY_MS / 2).setHours(0, 0, 0, 0);
  const [, hours, minutes, seconds] = /^([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?$/.exec(text) ?? [];
  if (hours !== undefined) return new Date(midnight).setHours(Number(hours), Number(minutes), Number(seconds ?? 0));
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?$/.test(text)) return null;
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(" ", "T"));
  return Number.isNaN(at) ? null : at;
}
