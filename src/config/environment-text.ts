/** More assignments than these in one file are refused. */
const MAX_ASSIGNMENTS = 1024;

/** Something wrong in an environment file. The reason never holds a value. Line and column count from 1. */
export interface EnvironmentFault {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

export type EnvironmentParsed =
  | { readonly tag: "parsed"; readonly environment: Readonly<Record<string, string>> }
  | { readonly tag: "faulty"; readonly faults: readonly EnvironmentFault[] };

/**
 * Reads KEY=value lines, as systemd's EnvironmentFile= and the files in /etc/default have them. Empty lines and lines
 * that begin with # or ; are skipped, a leading "export " is allowed. '...' keeps everything; in "..." a backslash
 * keeps `"`, `\`, `$` and a backquote; both may go over several lines. Without quotes the value ends before blanks and
 * a #, a backslash keeps the next character, and one at the end of a line goes on with the next. Nothing is expanded.
 * A later line wins over an earlier one.
 */
export function parseEnvironmentText(text: string): EnvironmentParsed {
  const reader: Reader = { text, at: 0 };
  const entries = new Map<string, string>();
  const faults: EnvironmentFault[] = [];
  while (reader.at < text.length) {
    const start = reader.at;
    const assignment = readAssignment(reader);
    if (assignment.tag === "assignment") entries.set(assignment.name, assignment.value);
    if (assignment.tag === "fault") {
      faults.push({ ...positionIn(text, assignment.at), reason: assignment.reason });
      // Whatever was unfinished, the next line is read on its own.
      reader.at = lineEndOf(text, Math.max(start, Math.min(assignment.at, text.length - 1))) + 1;
      if (faults.length >= MAX_FAULTS) break;
    }
  }
  if (entries.size > MAX_ASSIGNMENTS)
    faults.push({ line: 1, column: 1, reason: `got ${entries.size} variables, want at most ${MAX_ASSIGNMENTS}` });
  return faults.length > 0 ? { tag: "faulty", faults } : { tag: "parsed", environment: Object.fromEntries(entries) };
}

/** Why this is no name for an environment variable, or null. */
export function environmentNameFaultOf(name: string): string | null {
  if (name.length > MAX_NAME || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return `a name of letters, digits and "_" that does not begin with a digit`;
  if (name === "__proto__") return "another name";
  return OWN_NAMES.has(name) ? "another name, as the supervisor sets this one itself" : null;
}

const MAX_NAME = 255;
const MAX_FAULTS = 20;
const OWN_NAMES: ReadonlySet<string> = new Set(["DAEMONSUP_SERVICE", "DAEMONSUP_COMMAND", "INVOCATION_ID"]);

interface Reader {
  readonly text: string;
  at: number;
}

type Assignment =
  | { readonly tag: "nothing" }
  | { readonly tag: "assignment"; readonly name: string; readonly value: string }
  | { readonly tag: "fault"; readonly at: number; readonly reason: string };

const BLANKS = /[ \t\r\f\v]*/y;
const COMMENT = /[#;][^\n]*/y;
const EXPORT = /export[ \t]+/y;
const NAME = /[^\s="'#;]+/y;
const REST = /[ \t\r\f\v]*(?:#[^\n]*)?(?:\n|$)/y;

function readAssignment(reader: Reader): Assignment {
  take(reader, BLANKS);
  take(reader, COMMENT);
  if (takeLineEnd(reader)) return { tag: "nothing" };
  take(reader, EXPORT);
  const at = reader.at;
  const name = take(reader, NAME);
  if (reader.text[reader.at] !== "=") return { tag: "fault", at, reason: "want KEY=value" };
  const fault = environmentNameFaultOf(name);
  if (fault !== null) return { tag: "fault", at, reason: `want ${fault}` };
  reader.at++;
  take(reader, BLANKS);
  const first = reader.text[reader.at];
  const value = first === "'" || first === '"' ? readQuoted(reader, first) : readBare(reader);
  return typeof value === "string" ? { tag: "assignment", name, value } : value;
}

function readQuoted(reader: Reader, mark: string): string | Assignment {
  const { text } = reader;
  const start = reader.at;
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === mark) {
      reader.at = at + 1;
      REST.lastIndex = reader.at;
      if (!REST.test(text))
        return { tag: "fault", at: reader.at, reason: "want the end of the line after the closing quote" };
      reader.at = REST.lastIndex;
      return value;
    }
    const next = text[at + 1] ?? "";
    if (mark === '"' && character === "\\" && next !== "" && '"\\$`\n'.includes(next)) {
      if (next !== "\n") value += next;
      at++;
    } else value += character;
  }
  return { tag: "fault", at: start, reason: "this quote is never closed" };
}

function readBare(reader: Reader): string {
  const { text } = reader;
  let value = "";
  // Blanks count only if something follows them.
  let blanks = "";
  while (reader.at < text.length && text[reader.at] !== "\n") {
    const character = text[reader.at++] ?? "";
    if (character === "#" && (blanks !== "" || value === "")) {
      reader.at = lineEndOf(text, reader.at);
      break;
    }
    if (/\s/.test(character)) {
      blanks += character;
      continue;
    }
    const next = character === "\\" ? (text[reader.at++] ?? "") : character;
    value += blanks + (character === "\\" && next === "\n" ? "" : next);
    blanks = "";
  }
  reader.at++;
  return value;
}

function take(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0] ?? "";
  reader.at += found.length;
  return found;
}

function takeLineEnd(reader: Reader): boolean {
  if (reader.at < reader.text.length && reader.text[reader.at] !== "\n") return false;
  reader.at++;
  return true;
}

function lineEndOf(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

function positionIn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: Array.from(before.at(-1) ?? "").length + 1 };
}
