/** What one attempt at a check has found. */
export interface CheckResult {
  readonly ok: boolean;
  /** A clause: "connection refused", "answered 503", "exited 1: no such table", "took longer than 1s". */
  readonly detail: string;
  /** The last of what it said, at most MOST_CHECK_OUTPUT bytes: the body of an answer, the output of a command. */
  readonly output: string;
}

/** An attempt that is going on. */
export interface Attempt {
  /** Ends it without a call of its `conclude`. Gives what is known already, null if that decides nothing. */
  giveUp(): CheckResult | null;
}

/** Called once, later than the attempt was begun, unless it was given up before. */
export type Conclude = (result: CheckResult) => void;

export const MOST_CHECK_OUTPUT = 4 * 1024;

export function failed(detail: string): CheckResult {
  return { ok: false, detail, output: "" };
}
