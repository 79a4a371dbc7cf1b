import * as z from "zod";
import type { Table } from "./document.ts";

/**
 * Makes of a strict table's schema a parser that looks only at the keys that are there: what the others become is worked out
 * once, and `required` are the keys that must be there. So a thousand short definitions do not ask two dozen
 * absent keys each. The result is that of the schema itself, but for the order of the keys; null: it has something to
 * complain about, and is to be asked what.
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
  return (table) => {
    for (const key of required) if (!Object.hasOwn(table, key)) return null;
    const parsed: Record<string, unknown> = { ...absent };
    for (const key of Object.keys(table)) {
      const inner = Object.hasOwn(shape, key) ? shape[key] : undefined;
      const result = inner?.safeParse(table[key]);
      if (result?.success !== true) return null;
      if (result.data !== undefined) parsed[key] = result.data;
    }
    return parsed as z.output<Schema>;
  };
}
