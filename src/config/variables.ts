import { type Table, isTable } from "./document.ts";
import { quote } from "./problem.ts";
import { MAX_ARGUMENT } from "./schema-parts.ts";
import { parseVariableText } from "./variable-text.ts";
import { suggestNearest } from "./want.ts";

export type Expansion =
  | { readonly tag: "text"; readonly text: string }
  /** The reason never holds a value. null: it is told elsewhere, where it is at home. */
  | { readonly tag: "fault"; readonly reason: string | null; readonly suggestion: string | null }
  /** A variable may stand in a file that cannot be read at the moment. */
  | { readonly tag: "undecided" };

/** What environment files hold. */
export interface FileVariables {
  readonly values: Readonly<Record<string, string>>;
  /** false: at least one of them cannot be read. */
  readonly isComplete: boolean;
}

/** Texts with fallbacks inside fallbacks are followed this deep. */
const MAX_DEPTH = 16;
/** So much is made of variables for one definition, in characters: entries that double each other grow fast. */
const MAX_EXPANDED = 4 * 1024 * 1024;

/**
 * The variables that the values of one definition may name: entries of its environment, which may name others in turn, and
 * what its environment files hold. An entry that names itself means that of the files: PATH = "/opt/bin:${PATH}".
 */
export class Variables {
  readonly #own: Table;
  readonly #files: () => FileVariables;
  readonly #known = new Map<string, Expansion>();
  readonly #pending: string[] = [];
  #expanded = 0;

  constructor(own: Table, files: () => FileVariables) {
    this.#own = own;
    this.#files = files;
  }

  /** The value of an entry of the environment. */
  entry(name: string): Expansion {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#pending.push(name);
    const written = this.#own[name];
    const expansion = typeof written === "string" ? this.expand(written, false) : TOLD_ELSEWHERE;
    this.#pending.pop();
    this.#known.set(name, expansion);
    return expansion;
  }

  expand(text: string, isCommand: boolean, depth = 0): Expansion {
    if (!text.includes("$")) return { tag: "text", text };
    const pieces = parseVariableText(text, isCommand);
    if (pieces === null || depth > MAX_DEPTH) return NO_VARIABLE;
    let whole = "";
    for (const piece of pieces) {
      const part = piece.tag === "text" ? piece : this.#valueOf(piece.name);
      const isEmpty = part.tag === "unset" || (part.tag === "text" && part.text === "");
      const filled =
        piece.tag === "variable" && piece.fallback !== null && isEmpty
          ? this.expand(piece.fallback, isCommand, depth + 1)
          : part;
      if (filled.tag === "unset") return this.#unknown(filled.name);
      if (filled.tag !== "text") return filled;
      whole += filled.text;
      if (whole.length > MAX_ARGUMENT)
        return fault(`want at most ${MAX_ARGUMENT} characters once its variables are filled in`);
    }
    this.#expanded += whole.length;
    return this.#expanded > MAX_EXPANDED
      ? fault("the variables of this definition grow too long")
      : { tag: "text", text: whole };
  }

  #valueOf(name: string): Expansion | { readonly tag: "unset"; readonly name: string } {
    if (Object.hasOwn(this.#own, name) && this.#pending.at(-1) !== name) {
      if (isTable(this.#own[name])) return fault(SECRET(name));
      if (this.#pending.includes(name)) return fault(`it goes round in a circle: ${this.#circleOf(name)}`);
      const expansion = this.entry(name);
      return expansion.tag === "fault" ? TOLD_ELSEWHERE : expansion;
    }
    const { values, isComplete } = this.#files();
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return { tag: "text", text: value };
    return isComplete ? { tag: "unset", name } : { tag: "undecided" };
  }

  #circleOf(name: string): string {
    const circle = this.#pending.slice(this.#pending.indexOf(name));
    return [...circle, name].map(quote).join(", ");
  }

  #unknown(name: string): Expansion {
    // An entry that is being filled in would only name itself.
    const own = Object.keys(this.#own).filter((other) => !this.#pending.includes(other));
    const near = suggestNearest(name, [...own, ...Object.keys(this.#files().values)]);
    return fault(
      `there is no variable ${quote(name)} in "environment" or "environment_file"`,
      near ?? `write "$$\{${name}}" if the text is meant, or "\${${name}:-}" if it may be missing`,
    );
  }
}

const SECRET = (name: string): string =>
  `${quote(name)} is a secret, which is read at each start and goes into the environment alone`;

const TOLD_ELSEWHERE: Expansion = { tag: "fault", reason: null, suggestion: null };

const NO_VARIABLE = fault(
  'want "${NAME}" or "${NAME:-default}"',
  'write "$${" if a dollar and a brace are meant, for a shell for example',
);

function fault(reason: string, suggestion: string | null = null): Expansion {
  return { tag: "fault", reason, suggestion };
}
