import { resolve } from "node:path";
import type { EnvironmentFile } from "../core/definition.ts";
import { isTable, pathKeyOf, type Path, type Table } from "./document.ts";
import type { EnvironmentFiles } from "./environment-files.ts";
import { faultAt, type Fault } from "./fault.ts";
import { splitWords } from "./shell-words.ts";
import { expandSpecifiers, type Specifiers } from "./specifiers.ts";
import { Variables, type Expansion, type FileVariables } from "./variables.ts";

export interface Expanded {
  readonly table: Table;
  /** The same with the variables as they are written, for messages: their values are shown nowhere. */
  readonly shown: Table;
  /** What was written where a variable was filled in, by path (as pathKeyOf writes it). */
  readonly written: ReadonlyMap<string, { readonly filled: string; readonly shown: string }>;
  readonly faults: readonly Fault[];
  /** Where something could not be filled in, be it for a fault that stands elsewhere. */
  readonly unfilled: readonly Path[];
}

/** Fills in the variables in every string of a definition. A string that is a command is split before. */
export function fillTable(
  table: Table,
  request: { readonly directory: string; readonly files: EnvironmentFiles },
): Expanded {
  if (!holds(table, "$")) return { table, shown: table, written: new Map(), faults: [], unfilled: [] };
  return new Filling(table, request).fill();
}

/** Fills in the specifiers in every string of a template's text, for one instance. */
export function specifyTable(
  table: Table,
  specifiers: Specifiers,
): { readonly table: Table; readonly faults: readonly Fault[] } {
  if (!holds(table, "%")) return { table, faults: [] };
  const faults: Fault[] = [];
  const specified = mapStrings(table, [], (text, path) => {
    const expanded = text.includes("%") ? expandSpecifiers(text, specifiers) : text;
    if (expanded === null) faults.push(faultAt(path, NO_SPECIFIER));
    return expanded ?? "";
  });
  return { table: specified as Table, faults };
}

const NO_SPECIFIER = 'want "%i", "%p", "%n" or "%H" in a template, or "%%" for a percent sign';

/** The table without the strings that have variables: what they are cannot be judged before there is a service. */
export function withoutVariables(table: Table): Table {
  const plain = (value: unknown): unknown => {
    if (!holds(value, "$")) return value;
    if (!isTable(value)) return undefined;
    const entries = Object.entries(value).map(([key, inner]) => [key, plain(inner)] as const);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
  };
  return plain(table) as Table;
}

class Filling {
  readonly #written = new Map<string, { filled: string; shown: string }>();
  readonly #table: Table;
  readonly #request: { readonly directory: string; readonly files: EnvironmentFiles };
  readonly #faults: Fault[] = [];
  readonly #unfilled: Path[] = [];
  readonly #own: Table;
  readonly #variables: Variables;
  /** For the paths of environment files, which must be known before any file is read. */
  readonly #early: Variables;
  readonly #undecided = new Set<string>();
  #loaded: FileVariables | null = null;

  constructor(table: Table, request: { readonly directory: string; readonly files: EnvironmentFiles }) {
    this.#table = table;
    this.#request = request;
    this.#own = isTable(table["environment"]) ? table["environment"] : {};
    this.#variables = new Variables(this.#own, () => this.#files());
    this.#early = new Variables(this.#own, () => ({ values: {}, isComplete: true }));
  }

  fill(): Expanded {
    const shown = mapStrings(this.#table, [], (text, path) => (isCommand(path) ? splitOf(text) : text)) as Table;
    const table = mapStrings(shown, [], (text, path) => this.#text(text, path)) as Table;
    // What a missing file would decide is left out; the service cannot be started anyway.
    const decided = Object.entries(table).filter(([key]) => !this.#undecided.has(key));
    return {
      table: Object.fromEntries(decided),
      shown,
      written: this.#written,
      faults: this.#faults,
      unfilled: this.#unfilled,
    };
  }

  #text(text: string, path: Path): string {
    const [first, name] = path;
    const isEntry = first === "environment" && path.length === 2 && typeof name === "string";
    const variables = first === "environment_file" ? this.#early : this.#variables;
    const expansion = isEntry ? variables.entry(name) : variables.expand(text, isWithinCommand(path));
    return this.#taken(expansion, text, path);
  }

  #taken(expansion: Expansion, text: string, path: Path): string {
    switch (expansion.tag) {
      case "text":
        if (expansion.text !== text) this.#written.set(pathKeyOf(path), { filled: expansion.text, shown: text });
        return expansion.text;
      case "undecided":
        if (path[0] !== "environment" && !isWithinCommand(path)) this.#undecided.add(String(path[0]));
        return text;
      case "fault": {
        const { reason, suggestion } = expansion;
        this.#unfilled.push(path);
        if (reason !== null) this.#faults.push({ path, at: "value", reason, suggestion });
        return text;
      }
    }
  }

  #files(): FileVariables {
    if (this.#loaded !== null) return this.#loaded;
    const loaded = filesNamedIn(this.#table["environment_file"]).map(({ path, optional }) => {
      const expansion = this.#early.expand(path, false);
      if (expansion.tag !== "text") return null;
      const file = { path: resolve(this.#request.directory, expansion.text), optional };
      const { tag, ...rest } = this.#request.files.use(file);
      return tag === "loaded" && "variables" in rest ? rest.variables : null;
    });
    const values: Record<string, string> = Object.assign({}, ...loaded) as Record<string, string>;
    this.#loaded = { values, isComplete: !loaded.includes(null) };
    return this.#loaded;
  }
}

/** The files that are named in a proper way; the schema complains of any other. */
function filesNamedIn(value: unknown): readonly EnvironmentFile[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((item) => {
    if (typeof item === "string") return [{ path: item, optional: false }];
    if (!isTable(item) || typeof item["path"] !== "string") return [];
    return [{ path: item["path"], optional: item["optional"] === true }];
  });
}

/** The words of a command with variables; one without, or that cannot be split, is left to the schema. */
function splitOf(text: string): string | readonly string[] {
  if (!text.includes("$")) return text;
  const result = splitWords(text, "$$");
  return result.tag === "words" ? result.words : text;
}

/** true for a string that is a whole command. */
function isCommand(path: Path): boolean {
  if (path[0] === "environment") return false;
  return path.at(-1) === "command" || (path[0] === "hooks" && path.length === 2);
}

function isWithinCommand(path: Path): boolean {
  return isCommand(path) || (typeof path.at(-1) === "number" && isCommand(path.slice(0, -1)));
}

/** true if any string in it has this character. */
function holds(value: unknown, character: string): boolean {
  if (typeof value === "string") return value.includes(character);
  if (Array.isArray(value)) return value.some((item) => holds(item, character));
  return isTable(value) && Object.values(value).some((inner) => holds(inner, character));
}

function mapStrings(value: unknown, path: Path, map: (text: string, path: Path) => unknown): unknown {
  if (typeof value === "string") return map(value, path);
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, [...path, index], map));
  if (!isTable(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, mapStrings(inner, [...path, key], map)]);
  return Object.fromEntries(entries) as Table;
}
