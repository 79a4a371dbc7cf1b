/** What a service has noted of its own life, in a file of its own. */
export interface Note {
  /** "note": what a hook has noted. */
  readonly what: "start" | "end" | "hup" | "note";
  readonly pid: number;
  readonly invocation: string;
  /** Nanoseconds of the monotonic clock. */
  readonly at: number;
  /** With "end": "asked", or "own:" and an exit code or "kill"; with "note": the hook. */
  readonly more: string;
}

const FORM = /^(start|end|hup|note) (\d+) (\S+) (\d+)(?: (\S+))?$/;

/** Throws if this is no note: they are written whole. */
export function parseNote(line: string): Note {
  const [, what, pid, invocation, at, more] = FORM.exec(line) ?? [];
  if (invocation === undefined) throw new Error(`cannot parse "${line}": it is no note of a service`);
  return { what: what as Note["what"], pid: Number(pid), invocation, at: Number(at), more: more ?? "" };
}
