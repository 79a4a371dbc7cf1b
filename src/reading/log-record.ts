import type { SyslogSeverity } from "../core/log-policy.ts";

export type Stream = "stdout" | "stderr";

/** One line of output, wherever it was found. null: what holds it does not tell. */
export interface LogRecord {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly service: string;
  readonly stream: Stream | null;
  readonly pid: number | null;
  readonly priority: SyslogSeverity | null;
  readonly text: string;
  /** true: the line was too long, and this is its beginning. */
  readonly cut: boolean;
}
