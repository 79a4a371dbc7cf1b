import { isTable, type Table } from "./document.ts";
import { faultAt, type Fault } from "./fault.ts";

/** Tables and lists may be nested this deep, and hold so many values altogether. */
const MAX_DEPTH = 32;
const MAX_VALUES = 20_000;

/** Stands for a date or time of TOML, which no key takes. */
export const DATE = Symbol("a date or time");

export type PlainTable =
  { readonly tag: "plain"; readonly table: Table } | { readonly tag: "faulty"; readonly fault: Fault };

/**
 * Makes sure that a freshly parsed document is a table of bounded size, without anything that a schema would not see.
 * Dates in it are replaced, in place.
 */
export function parsePlainTable(value: unknown): PlainTable {
  if (!isTable(value) || !isPlain(value))
    return { tag: "faulty", fault: faultAt([], "want a table of keys and values") };
  const fault = scan(value, { values: 0, path: [] });
  return fault === null ? { tag: "plain", table: value } : { tag: "faulty", fault };
}

interface Walk {
  values: number;
  readonly path: (string | number)[];
}

function scan(container: Table | unknown[], walk: Walk): Fault | null {
  const { path } = walk;
  if (path.length > MAX_DEPTH) return faultAt([...path], "nested too deeply");
  const isList = Array.isArray(container);
  for (const [key, value] of Object.entries(container)) {
    path.push(isList ? Number(key) : key);
    if (++walk.values > MAX_VALUES) return faultAt([], `got more than ${MAX_VALUES} values`);
    // Most code, the schema included, would lose it without a word.
    if (key === "__proto__") return { path: [...path], at: "key", reason: "unknown key", suggestion: null };
    if (typeof value === "object" && value !== null) {
      if (!Array.isArray(value) && !isPlain(value)) Object.assign(container, { [key]: DATE });
      else {
        const fault = scan(value as Table | unknown[], walk);
        if (fault !== null) return fault;
      }
    }
    path.pop();
  }
  return null;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
