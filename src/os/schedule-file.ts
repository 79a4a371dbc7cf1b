/*
 * The file in which the last runs of schedules are remembered: JSON, written anew as a whole and put in place by a rename,
 * so that a death at any instant leaves the old or the new one. It is small, and read once in the life of a supervisor: a
 * database would bring more code to load than it saves. A successor is to find what was written a moment before a death, so it is
 * not the flush that is waited for: that follows (`flushFile`), and after a loss of power an unreadable file counts as none.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import type { WallTime } from "../core/units.ts";
import { errorCodeOf } from "./error-code.ts";

/** A time that was due and has been dealt with, and what the schedule was then. */
export interface ScheduledRun {
  readonly at: WallTime;
  readonly rule: string;
}

export type ScheduleFileResult =
  /** Also if there is no file. */
  | { readonly tag: "read"; readonly runs: ReadonlyMap<string, ScheduledRun> }
  /** `message` is a whole sentence. */
  | { readonly tag: "failed"; readonly message: string };

const VERSION = 1;

export function readScheduleFile(path: string): ScheduleFileResult {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCodeOf(error);
    return code === "ENOENT" ? { tag: "read", runs: new Map() } : failed("read", path, code);
  }
  const runs = parseRuns(text);
  return runs === null ? failed("read", path, "it is damaged") : { tag: "read", runs };
}

/** Mode 0600. null if it is written, otherwise why not, as a whole sentence. */
export function writeScheduleFile(path: string, runs: ReadonlyMap<string, ScheduledRun>): string | null {
  const draft = `${path}.new`;
  try {
    // Whatever it is that lies there, it is not written through.
    rmSync(draft, { force: true });
    const fd = openSync(draft, "wx", 0o600);
    try {
      const bytes = Buffer.from(`${JSON.stringify({ version: VERSION, runs: Object.fromEntries(runs) })}\n`);
      if (writeSync(fd, bytes) !== bytes.length) return `cannot write "${path}": ENOSPC`;
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
    return null;
  } catch (error) {
    return `cannot write "${path}": ${errorCodeOf(error)}`;
  }
}

function parseRuns(text: string): ReadonlyMap<string, ScheduledRun> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isTable(value) || value["version"] !== VERSION || !isTable(value["runs"])) return null;
  const runs = new Map<string, ScheduledRun>();
  for (const [service, run] of Object.entries(value["runs"])) {
    if (!isTable(run)) return null;
    const { at, rule } = run as { readonly at?: unknown; readonly rule?: unknown };
    if (typeof at !== "number" || !Number.isSafeInteger(at) || typeof rule !== "string") return null;
    runs.set(service, { at: at as WallTime, rule });
  }
  return runs;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function failed(verb: string, path: string, reason: string): ScheduleFileResult {
  return { tag: "failed", message: `cannot ${verb} "${path}": ${reason}` };
}
