/** Shorter ones are found in so many places that looking for them saves nothing. */
const LEAST = 3;

/**
 * The longest text that everything matched by the expression contains; null if that cannot be told, or is short. To look for
 * bytes is much quicker than to try an expression on every line.
 */
export function literalOf(pattern: string): string | null {
  let longest = "";
  let current = "";
  for (let at = 0; at < pattern.length;) {
    const atom = atomAt(pattern, at);
    if (atom === null) return null;
    const quantifier = QUANTIFIER.exec(pattern.slice(atom.end))?.[0] ?? "";
    const isOnce = quantifier === "";
    const isSure = isOnce || /^(?:\+|\{[1-9])/.test(quantifier);
    // With `a+` an `a` is there, and whatever follows it need not be next to what was before it.
    if (atom.literal !== null && isSure) current += atom.literal;
    if (current.length > longest.length) longest = current;
    if (atom.literal === null || !isOnce) current = "";
    at = atom.end + quantifier.length;
  }
  return longest.length < LEAST ? null : longest;
}

const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;

/** A character, or something that stands for others: a class, a group, an escape. */
interface Atom {
  /** null: it is not known which characters, or whether there are any. */
  readonly literal: string | null;
  readonly end: number;
}

/** null: there are alternatives, so nothing has to be there, or it is not understood. */
function atomAt(pattern: string, at: number): Atom | null {
  const character = pattern.charAt(at);
  switch (character) {
    case "|":
      return null;
    case "\\": {
      const next = pattern.charAt(at + 1);
      // An escaped mark stands for itself, an escaped letter or digit for something that may be of any length.
      if (/[a-z0-9]/i.test(next) && !/[bBdDsSwWntr]/.test(next)) return null;
      return { literal: /[.^$*+?/|()[\]{}]/.test(next) ? next : null, end: at + 2 };
    }
    case "[":
      return atomTo(classEnd(pattern, at));
    case "(":
      return atomTo(groupEnd(pattern, at));
    case ".":
    case "^":
    case "$":
      return atomTo(at + 1);
    default:
      return { literal: isWrittenAsItIs(character) ? character : null, end: at + 1 };
  }
}

function atomTo(end: number): Atom | null {
  return end < 0 ? null : { literal: null, end };
}

/** After the bracket that closes a class; -1: there is none. */
function classEnd(pattern: string, start: number): number {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern.charAt(at) === "\\") at++;
    else if (pattern.charAt(at) === "]") return at + 1;
  }
  return -1;
}

/** After the bracket that closes a group; -1: there is none. */
function groupEnd(pattern: string, start: number): number {
  let depth = 0;
  for (let at = start; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "\\") at++;
    else if (character === "[") at = classEnd(pattern, at) - 1;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return at + 1;
    if (at < start) return -1;
  }
  return -1;
}

/** true: it is the same character in a file of JSON. */
function isWrittenAsItIs(character: string): boolean {
  return character >= " " && character <= "~" && character !== '"';
}
