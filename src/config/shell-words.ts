import { closingBraceOf } from "./variable-text.ts";

export type Words =
  | { readonly tag: "words"; readonly words: readonly string[] }
  /** A character that only a shell understands. */
  | { readonly tag: "needs-shell"; readonly character: string }
  | { readonly tag: "unfinished"; readonly what: string };

/** Characters that mean something to a shell, but nothing here, as none is run. */
const SHELL_CHARACTERS = "|&;<>$*()`";

/**
 * Splits a line into words as a POSIX shell does: blanks separate, '...' keeps everything, "..." keeps all but
 * backslashes before `"`, `\`, `$` and a backquote, a backslash outside keeps the next character. Nothing is expanded:
 * ${...} and $$ stay in the words as they are, and so does a `$` in "...". `dollar` is what becomes of one that can only mean
 * itself, in '...' or behind a backslash: whoever fills in variables afterwards wants to know it from the others.
 */
export function splitWords(line: string, dollar = "$"): Words {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length;) {
    const character = line[at] ?? "";
    if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
      at++;
      continue;
    }
    const piece = pieceAt(line, at, dollar);
    if (piece.tag !== "piece") return piece;
    word = (word ?? "") + piece.text;
    at = piece.next;
  }
  if (word !== null) words.push(word);
  return { tag: "words", words };
}

type Piece = { readonly tag: "piece"; readonly text: string; readonly next: number } | Exclude<Words, { tag: "words" }>;

function pieceAt(line: string, at: number, dollar: string): Piece {
  const character = line[at] ?? "";
  if (character === "$" && line[at + 1] === "$") return { tag: "piece", text: "$$", next: at + 2 };
  if (character === "$" && line[at + 1] === "{") {
    const end = closingBraceOf(line, at + 1);
    if (end === -1) return { tag: "unfinished", what: "a ${ that is never closed" };
    return { tag: "piece", text: line.slice(at, end + 1), next: end + 1 };
  }
  if (SHELL_CHARACTERS.includes(character)) return { tag: "needs-shell", character };
  if (character === '"') return doubleQuoted(line, at + 1, dollar);
  if (character === "'") {
    const end = line.indexOf("'", at + 1);
    if (end === -1) return { tag: "unfinished", what: "a single quote that is never closed" };
    return { tag: "piece", text: line.slice(at + 1, end).replaceAll("$", () => dollar), next: end + 1 };
  }
  if (character !== "\\") return { tag: "piece", text: character, next: at + 1 };
  if (at + 1 === line.length) return { tag: "unfinished", what: "a backslash at the end" };
  const next = line[at + 1] ?? "";
  return { tag: "piece", text: next === "\n" ? "" : next === "$" ? dollar : next, next: at + 2 };
}

function doubleQuoted(line: string, start: number, dollar: string): Piece {
  let text = "";
  for (let at = start; at < line.length; at++) {
    const character = line[at] ?? "";
    if (character === '"') return { tag: "piece", text, next: at + 1 };
    const next = line[at + 1] ?? "";
    if (character === "\\" && '"\\$`\n'.includes(next) && next !== "") {
      if (next !== "\n") text += next === "$" ? dollar : next;
      at++;
    } else text += character;
  }
  return { tag: "unfinished", what: "a double quote that is never closed" };
}
