import { SYSLOG_SEVERITIES, type SyslogSeverity } from "../core/log-policy.ts";
import type { LogPlace } from "../core/log-place.ts";
import type { LogRecord, Stream } from "./log-record.ts";
import { literalOf } from "./literal-of.ts";

/** Which lines are wanted; null: whichever. */
export interface LineWishes {
  readonly grep: GrepWish | null;
  /** The least important one that is wanted. */
  readonly priority: SyslogSeverity | null;
  readonly stream: Stream | null;
}

export interface GrepWish {
  /** A regular expression of JavaScript, flag u. */
  readonly pattern: string;
  readonly ignoreCase: boolean;
}

export class WantedFilter {
  readonly #literal: Buffer | null;
  readonly #pattern: RegExp | null;
  readonly #leastRank: number;
  readonly #stream: Stream | null;

  /** Throws a SyntaxError if the expression is none. */
  constructor({ grep, priority, stream }: LineWishes) {
    this.#pattern = grep === null ? null : new RegExp(grep.pattern, grep.ignoreCase ? "iu" : "u");
    const literal = grep === null || grep.ignoreCase ? null : literalOf(grep.pattern);
    this.#literal = literal === null ? null : Buffer.from(literal);
    this.#leastRank = priority === null ? Number.POSITIVE_INFINITY : SYSLOG_SEVERITIES.indexOf(priority);
    this.#stream = stream;
  }

  /** Bytes that every wanted line of a file contains; null: none are known. */
  literalIn({ format }: Pick<LogPlace, "format">): Buffer | null {
    // What a service has written as JSON may have these escaped.
    return format === "json" && this.#literal !== null && /[<>&'/]/.test(this.#literal.toString())
      ? null
      : this.#literal;
  }

  accepts({ text, stream, priority }: Pick<LogRecord, "text" | "stream" | "priority">): boolean {
    if (this.#stream !== null && stream !== this.#stream) return false;
    if (this.#leastRank !== Number.POSITIVE_INFINITY && !(rankOf(priority, stream) <= this.#leastRank)) return false;
    return this.#pattern === null || this.#pattern.test(text);
  }
}

/** Without a priority of its own, standard error is err and standard output info; NaN: not even that is known. */
function rankOf(priority: SyslogSeverity | null, stream: Stream | null): number {
  if (priority !== null) return SYSLOG_SEVERITIES.indexOf(priority);
  if (stream === null) return Number.NaN;
  return SYSLOG_SEVERITIES.indexOf(stream === "stderr" ? "err" : "info");
}
