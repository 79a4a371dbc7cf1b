import { harmless } from "../config/problem.ts";

/** Most text is made of these, and needs no closer look: a cell each, none of them does anything to a terminal. */
const PLAIN = /^[\x20-\x7e]*$/;

/** How many cells of a terminal the text takes. */
export function cellsOf(text: string): number {
  return PLAIN.test(text) ? text.length : Bun.stringWidth(text);
}

/** The text on one line, without anything that could disturb a terminal. */
export function onOneLine(text: string): string {
  if (PLAIN.test(text)) return text.trim();
  return harmless(
    text
      .trim()
      .replaceAll(/\s*\n\s*/g, "; ")
      .replaceAll("\t", " "),
  );
}

/** The text cut to a number of cells; what was cut off is shown by `mark`. */
export function cutTo(text: string, width: number, mark: string): string {
  if (cellsOf(text) <= width) return text;
  const room = width - Bun.stringWidth(mark);
  if (room < 0) return "";
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += Bun.stringWidth(character);
    if (used > room) break;
    kept += character;
  }
  return kept + mark;
}

/** The text filled with blanks to a number of cells. */
export function padTo(text: string, width: number, side: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, width - cellsOf(text)));
  return side === "left" ? blanks + text : text + blanks;
}
