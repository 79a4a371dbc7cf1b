/** A key that was pressed: its name, or the character that it types. */
export type Key = NamedKey | { readonly tag: "character"; readonly character: string };

interface NamedKey {
  readonly tag:
    | "up"
    | "down"
    | "page-up"
    | "page-down"
    | "home"
    | "end"
    | "enter"
    | "escape"
    | "backspace"
    | "interrupt"
    | "suspend";
}

/** What terminals send, as xterm's control sequences and those of its kin have it. */
const SEQUENCES: readonly (readonly [sequence: string, tag: NamedKey["tag"]])[] = [
  ["\u001b[A", "up"],
  ["\u001bOA", "up"],
  ["\u001b[B", "down"],
  ["\u001bOB", "down"],
  ["\u001b[5~", "page-up"],
  ["\u001b[6~", "page-down"],
  ["\u001b[H", "home"],
  ["\u001bOH", "home"],
  ["\u001b[1~", "home"],
  ["\u001b[F", "end"],
  ["\u001bOF", "end"],
  ["\u001b[4~", "end"],
  ["\r", "enter"],
  ["\n", "enter"],
  ["\u007f", "backspace"],
  ["\b", "backspace"],
  ["\u0003", "interrupt"],
  ["\u001a", "suspend"],
];

/** Any other sequence, and keys with Alt: nobody asked for them. */
const UNKNOWN = new RegExp("^\\u001b(?:\\[[0-?]*[ -/]*[@-~]|O[ -~]|[ -~])");

/** The keys in what a terminal has sent at once. A lone escape is that key, as nothing follows it. */
export function parseKeys(text: string): readonly Key[] {
  const keys: Key[] = [];
  for (let rest = text; rest !== "";) {
    const known = SEQUENCES.find(([sequence]) => rest.startsWith(sequence));
    const unknown = known === undefined ? UNKNOWN.exec(rest)?.[0] : undefined;
    const [character = ""] = rest;
    if (known !== undefined) keys.push({ tag: known[1] });
    else if (unknown === undefined && character === "\u001b") keys.push({ tag: "escape" });
    else if (unknown === undefined && character >= " ") keys.push({ tag: "character", character });
    rest = rest.slice((known?.[0] ?? unknown ?? character).length);
  }
  return keys;
}
