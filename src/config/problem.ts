/** Something wrong with the configuration, in the place where a person has to mend it. */
export interface Problem {
  /** As the user named it: "services.d/web.toml". */
  readonly file: string;
  /** Both from 1; the column counts characters, not bytes. A problem of a whole file stands at 1:1. */
  readonly line: number;
  readonly column: number;
  /** `cannot <verb> "<object>": <reason>`. Never holds the value of an environment variable. */
  readonly message: string;
  readonly excerpt: Excerpt | null;
  /** What to write instead, as a whole phrase: `did you mean "on-failure"?`. */
  readonly suggestion: string | null;
}

/** The offending line, fit to print: no control characters, values of environment variables masked, long lines cut. */
export interface Excerpt {
  readonly text: string;
  /** Index in `text` and number of its UTF-16 units that the caret line marks. */
  readonly caretStart: number;
  readonly caretLength: number;
}

/** The problem as `check` prints it: one line, then the source line with carets, then the suggestion. */
export function renderProblem(problem: Problem): string {
  const lines = [`${harmless(problem.file)}:${problem.line}:${problem.column}: ${problem.message}`];
  if (problem.excerpt !== null) lines.push(`  ${problem.excerpt.text}`, `  ${caretLineOf(problem.excerpt)}`);
  if (problem.suggestion !== null) lines.push(`  ${problem.suggestion}`);
  return lines.join("\n");
}

/** Orders problems by file, then by where they stand in it. */
export function compareProblems(left: Problem, right: Problem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}

/** Puts text in quotes for a message: control characters escaped, the long cut, so that it cannot disturb a terminal. */
export function quote(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return JSON.stringify(cut).replace(UNPRINTABLE, escapeOf);
}

/** Replaces each character that could disturb a terminal by a question mark; the length stays. */
export function harmless(text: string): string {
  return text.replace(UNPRINTABLE, "?");
}

// C0 and C1 controls (not the tab), line separators, marks that turn the direction of writing, lone surrogates.
const UNPRINTABLE = /[\0-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function caretLineOf({ text, caretStart, caretLength }: Excerpt): string {
  const pad = text.slice(0, caretStart).replace(/[^\t]/gu, (character) => " ".repeat(Bun.stringWidth(character)));
  return pad + "^".repeat(Math.max(1, Bun.stringWidth(text.slice(caretStart, caretStart + caretLength))));
}
