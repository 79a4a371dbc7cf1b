import type { RecordFormat } from "../core/log-policy.ts";
import type { PlaneLine } from "./plane-messages.ts";
import { TAI_OFFSET_SECONDS } from "./stamp.ts";

/** One line of a log file as it was before it was formatted. */
export interface Parsed {
  /** Microseconds since 1970; null if the line does not tell. */
  readonly at: number | null;
  readonly stream: PlaneLine["stream"];
  readonly pid: number;
  readonly text: string;
}

/** What undoes a format. A line that is not in it, from before a change of the definition, is taken as it is. */
export function recordParserOf(policy: RecordFormat): (line: string) => Parsed {
  if (policy.format === "json") return parseJson;
  switch (policy.stamp) {
    case "iso":
      return (line) => parseStamped(line, ISO, isoMicrosOf);
    case "unix":
      return (line) => parseStamped(line, UNIX, unixMicrosOf);
    case "tai64n":
      return (line) => parseStamped(line, TAI64N, taiMicrosOf);
    case "none":
      return plain;
  }
}

/** What tells the time of a line of a file, in milliseconds since 1970; null for a line that does not say. */
export function lineTimeOf(policy: RecordFormat): (line: string) => number | null {
  const parse = recordParserOf(policy);
  return (line) => {
    const { at } = parse(line);
    return at === null ? null : Math.floor(at / 1000);
  };
}

const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) /;
const UNIX = /^(\d{1,12}\.\d{6}) /;
const TAI64N = /^@([0-9a-f]{24}) /;

function parseStamped(line: string, pattern: RegExp, microsOf: (stamp: string) => number): Parsed {
  const found = pattern.exec(line);
  if (found === null) return plain(line);
  return { ...plain(line.slice(found[0].length)), at: microsOf(found[1] ?? "") };
}

/** "2026-01-02T03:04:05.678901Z"; NaN if it is no time. */
function isoMicrosOf(stamp: string): number {
  // Of the digits behind the milliseconds, `Date` knows nothing.
  const micros = /\.\d{3}(\d{3})Z$/.exec(stamp)?.[1] ?? "0";
  return Date.parse(stamp) * 1000 + Number(micros);
}

/** "1767323045.678901" */
function unixMicrosOf(stamp: string): number {
  const [seconds, micros] = stamp.split(".");
  return Number(seconds) * 1_000_000 + Number(micros);
}

function taiMicrosOf(label: string): number {
  const seconds = Number.parseInt(label.slice(8, 16), 16) - TAI_OFFSET_SECONDS;
  return seconds * 1_000_000 + Math.floor(Number.parseInt(label.slice(16), 16) / 1000);
}

// A plain file does not say which stream and which process a line came from.
function plain(text: string): Parsed {
  return { at: null, stream: "stdout", pid: 0, text };
}

function parseJson(line: string): Parsed {
  const record = jsonOf(line);
  if (typeof record !== "object" || record === null || !("message" in record)) return plain(line);
  const at = "time" in record ? isoMicrosOf(String(record.time)) : Number.NaN;
  return {
    at: Number.isNaN(at) ? null : at,
    stream: "stream" in record && record.stream === "stderr" ? "stderr" : "stdout",
    pid: "pid" in record && typeof record.pid === "number" ? record.pid : 0,
    text: String(record.message),
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
