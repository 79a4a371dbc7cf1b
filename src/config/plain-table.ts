import { isTable, type Path, type Table } from "./document.ts";
import { faultAt, type Fault } from "./fault.ts";

/** Tables and lists may be nested this deep, and hold so many values altogether. */
const MAX_DEPTH = 32;
const MAX_VALUES = 20_000;

/** Stands for a date or time of TOML, which no key takes. */
export const DATE = Symbol("a date or time");

export type PlainTable =
  { readonly tag: "plain"; readonly table: Table } | { readonly tag: "faulty"; readonly fault: Fault };

/** Makes sure that a document is a table of bounded size, without anything that a schema would not see. */
export function parsePlainTable(value: unknown): PlainTable {
  if (!isTable(value) || !isPlain(value))
    return { tag: "faulty", fault: faultAt([], "want a table of keys and values") };
  const walk: Walk = { values: 0 };
  const table: Record<string, unknown> = {};
  const fault = copyInto(table, value, { walk, path: [] });
  return fault === null ? { tag: "plain", table } : { tag: "faulty", fault };
}

interface Walk {
  values: number;
}

interface Where {
  readonly walk: Walk;
  readonly path: Path;
}

function copyInto(table: Record<string, unknown>, value: Table, where: Where): Fault | null {
  for (const key of Object.keys(value)) {
    const path = [...where.path, key];
    // Most code, the schema included, would lose it without a word.
    if (key === "__proto__") return { path, at: "key", reason: "unknown key", suggestion: null };
    const copied = copyOf(value[key], { walk: where.walk, path });
    if (copied.tag === "faulty") return copied.fault;
    table[key] = copied.value;
  }
  return null;
}

type Copy = { readonly tag: "copy"; readonly value: unknown } | { readonly tag: "faulty"; readonly fault: Fault };

function copyOf(value: unknown, where: Where): Copy {
  if (++where.walk.values > MAX_VALUES)
    return { tag: "faulty", fault: faultAt([], `got more than ${MAX_VALUES} values`) };
  if (typeof value !== "object" || value === null) return { tag: "copy", value };
  if (where.path.length > MAX_DEPTH) return { tag: "faulty", fault: faultAt(where.path, "nested too deeply") };
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const [index, element] of value.entries()) {
      const copied = copyOf(element, { walk: where.walk, path: [...where.path, index] });
      if (copied.tag === "faulty") return copied;
      list.push(copied.value);
    }
    return { tag: "copy", value: list };
  }
  if (!isTable(value) || !isPlain(value)) return { tag: "copy", value: DATE };
  const table: Record<string, unknown> = {};
  const fault = copyInto(table, value, where);
  return fault === null ? { tag: "copy", value: table } : { tag: "faulty", fault };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
