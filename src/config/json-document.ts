import { pathKeyOf, type Parsed, type Path, type Place, type SyntaxFault } from "./document.ts";

/** How deep tables and arrays may be nested. */
const MAX_DEPTH = 64;

const PLAIN = /[^"\\\0-\x1f]+/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Reads JSON (RFC 8259), to the letter; unlike JSON.parse it knows where things stand and refuses a key given twice. */
export function parseJson(text: string): Parsed {
  const reader = new JsonReader(text);
  const result = reader.read();
  if ("reason" in result) return { tag: "faulty", faults: [result] };
  return { tag: "parsed", value: result.value, places: () => reader.places };
}

/** Thrown and caught in this file only: the way out of a recursive descent. */
class Fault extends Error {
  readonly fault: SyntaxFault;
  constructor(fault: SyntaxFault) {
    super(fault.reason);
    this.fault = fault;
  }
}

class JsonReader {
  readonly places = new Map<string, Place>();
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): { readonly value: unknown } | SyntaxFault {
    try {
      const value = this.#value([], null);
      this.#skipSpace();
      if (this.#at < this.#text.length) throw this.#fault("want the end of the file here");
      return { value };
    } catch (error) {
      if (error instanceof Fault) return error.fault;
      throw error;
    }
  }

  #value(path: Path, key: Place["key"]): unknown {
    this.#skipSpace();
    if (path.length > MAX_DEPTH) throw this.#fault("nested too deeply");
    const start = this.#at;
    const first = this.#text[start];
    const value = first === "{" ? this.#object(path) : first === "[" ? this.#array(path) : this.#scalar();
    this.places.set(pathKeyOf(path), { key, value: { start, end: this.#at }, isLeaf: first !== "{" && first !== "[" });
    return value;
  }

  #object(path: Path): unknown {
    const entries = new Map<string, unknown>();
    this.#at++;
    for (let first = true; !this.#take("}"); first = false) {
      if (!first) this.#expect(",", 'want "," or "}" here');
      this.#skipSpace();
      const start = this.#at;
      const name = this.#string(
        "want a key in double quotes here (JSON has no comments and no comma after the last entry)",
      );
      if (entries.has(name)) throw new Fault({ span: { start, end: this.#at }, reason: "this key was given before" });
      const key = { start, end: this.#at };
      this.#expect(":", 'want ":" here');
      entries.set(name, this.#value([...path, name], key));
    }
    return Object.fromEntries(entries);
  }

  #array(path: Path): unknown {
    const elements: unknown[] = [];
    this.#at++;
    while (!this.#take("]")) {
      if (elements.length > 0) this.#expect(",", 'want "," or "]" here');
      elements.push(this.#value([...path, elements.length], null));
    }
    return elements;
  }

  #scalar(): unknown {
    if (this.#text[this.#at] === '"') return this.#string("unterminated string, or a character that must be escaped");
    const token = this.#match(WORD) ?? this.#match(NUMBER);
    if (token === null)
      throw this.#fault("want a value here: a string in double quotes, a number, true, false, null, [ or {");
    return JSON.parse(token);
  }

  // Piece by piece: one expression for all of it takes seconds for a long string.
  #string(reason: string): string {
    const start = this.#at;
    if (this.#text[start] !== '"') throw this.#fault(reason);
    this.#at++;
    while (this.#match(PLAIN) !== null || this.#match(ESCAPE) !== null);
    if (this.#text[this.#at] !== '"') throw new Fault({ span: { start, end: this.#at + 1 }, reason });
    this.#at++;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #expect(character: string, reason: string): void {
    if (!this.#take(character)) throw this.#fault(reason);
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.#text)?.[0];
    if (token === undefined) return null;
    this.#at += token.length;
    return token;
  }

  #fault(reason: string): Fault {
    return new Fault({ span: { start: this.#at, end: this.#at + 1 }, reason });
  }
}
