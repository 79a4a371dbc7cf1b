import * as z from "zod";
import { isTable, type Table } from "./document.ts";

const REFUSED = Symbol("refused");

/**
 * Makes of a strict table's schema a parser that looks only at the keys that are there: what the others become is worked out
 * once, and `required` are the keys that must be there. So a thousand short definitions do not ask two dozen
 * absent keys each, and a table that many of them share, as those of [defaults] are, is parsed once. The result is that of
 * the schema itself, but for the order of the keys; null: it has something to complain about, and is to be asked what.
 */
export function tableParserOf<Schema extends z.ZodObject<z.ZodRawShape, z.core.$strict>>(
  schema: Schema,
  required: readonly string[],
): (table: Table) => z.output<Schema> | null {
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape as Readonly<Record<string, z.ZodType>>;
  const absent: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(shape)) {
    // Nothing comes of these, and to ask one might build what is seldom needed.
    if (required.includes(key) || inner instanceof z.ZodOptional) continue;
    absent[key] = inner.parse(undefined);
  }
  const shared = new Map<string, { readonly value: object; readonly data: unknown }>();
  const parseKey = (key: string, value: unknown): unknown => {
    const last = shared.get(key);
    if (last !== undefined && last.value === value) return last.data;
    const result = (Object.hasOwn(shape, key) ? shape[key] : undefined)?.safeParse(value);
    if (result?.success !== true) return REFUSED;
    if (isTable(value)) shared.set(key, { value, data: result.data });
    return result.data;
  };
  return (table) => {
    for (const key of required) if (!Object.hasOwn(table, key)) return null;
    const parsed: Record<string, unknown> = { ...absent };
    for (const key of Object.keys(table)) {
      const data = parseKey(key, table[key]);
      if (data === REFUSED) return null;
      if (data !== undefined) parsed[key] = data;
    }
    return parsed as z.output<Schema>;
  };
}
