import type { LogPlace } from "../core/log-place.ts";
import { SYSLOG_SEVERITIES, type SyslogSeverity } from "../core/log-policy.ts";
import { saidSeverityOf } from "../log/priority.ts";
import type { Stream } from "./log-record.ts";
import { parseIsoTime, parseStamp } from "./parse-stamp.ts";

/** A line of a file as it was before it was formatted. null: the line does not tell. */
export interface ParsedLine {
  /** Microseconds since 1970. */
  readonly at: number | null;
  readonly service: string | null;
  readonly stream: Stream | null;
  readonly pid: number | null;
  readonly priority: SyslogSeverity | null;
  readonly text: string;
  /** true: only the beginning of what was written. */
  readonly cut: boolean;
}

type FormOfLines = Pick<LogPlace, "format" | "stamp" | "stream">;

/** Undoes the format of a file. A line in another one of ours, from before a change of the definition, is understood too. */
export class LineParser {
  readonly #place: FormOfLines;

  constructor(place: FormOfLines) {
    this.#place = place;
  }

  /** true: its lines have times. */
  get isTimed(): boolean {
    return this.#place.format === "json" || this.#place.stamp !== "none";
  }

  /** true: it is known by which stream each line was written. */
  get hasStreams(): boolean {
    return this.#place.format === "json" || this.#place.stream !== null;
  }

  /** The time of the line from `start` to `end`, without its newline, in microseconds since 1970; null if it has none. */
  timeOf(bytes: Buffer, start: number, end: number): number | null {
    if (!this.isTimed) return null;
    if (bytes[start] === OBJECT) return timeOfObject(bytes, start, end);
    return parseStamp(bytes, start, end)?.at ?? null;
  }

  parse(bytes: Buffer, start: number, end: number): ParsedLine {
    const { stream } = this.#place;
    const found =
      this.isTimed && bytes[start] === OBJECT ? parseObject(bytes.toString("utf8", start, end), stream) : null;
    if (found !== null) return found;
    const stamp = this.isTimed ? parseStamp(bytes, start, end) : null;
    const text = bytes.toString("utf8", stamp?.after ?? start, end);
    return {
      at: stamp?.at ?? null,
      service: null,
      stream,
      pid: null,
      priority: saidSeverityOf(text),
      text,
      cut: false,
    };
  }
}

const OBJECT = "{".charCodeAt(0);
const TIME_FIRST = Buffer.from('{"time":"');

function timeOfObject(bytes: Buffer, start: number, end: number): number | null {
  const from = start + TIME_FIRST.length;
  if (bytes.compare(TIME_FIRST, 0, TIME_FIRST.length, start, Math.min(from, end)) === 0) {
    const at = parseIsoTime(bytes, from, end);
    if (at !== null) return at;
  }
  return parseObject(bytes.toString("utf8", start, end), null)?.at ?? null;
}

/** null: it is no record of ours, but something that the service has written. */
function parseObject(line: string, streamOfAll: Stream | null): ParsedLine | null {
  const record = jsonOf(line);
  if (record === null || typeof record["time"] !== "string" || typeof record["message"] !== "string") return null;
  const { time, service, stream, pid, priority, message } = record as Record<string, unknown> &
    Readonly<Record<"time" | "message", string>>;
  return {
    at: microsOf(time),
    service: typeof service === "string" ? service : null,
    stream: stream === "stdout" || stream === "stderr" ? stream : streamOfAll,
    pid: typeof pid === "number" ? pid : null,
    priority: SYSLOG_SEVERITIES.find((name) => name === priority) ?? null,
    text: message,
    cut: record["partial"] === true,
  };
}

function jsonOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function microsOf(time: string): number | null {
  const bytes = Buffer.from(time);
  const micros = parseIsoTime(bytes, 0, bytes.length);
  if (micros !== null) return micros;
  const millis = Date.parse(time);
  return Number.isNaN(millis) ? null : millis * 1000;
}
