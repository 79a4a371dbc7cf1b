import type * as z from "zod";
import { keyOf, metaOf } from "./key-meta.ts";

/** The same keys, none of which has a value of its own: what is not said comes from a table above. */
export type Inherited<Keys> = {
  [Key in keyof Keys]: Keys[Key] extends z.ZodDefault<infer Inner>
    ? z.ZodOptional<Inner>
    : Keys[Key] extends z.ZodOptional<infer Inner>
      ? z.ZodOptional<Inner>
      : never;
};

/** `origin` says for people where what is not said comes from. */
export function inheritedKeys<Keys extends Readonly<Record<string, z.ZodDefault | z.ZodOptional>>>(
  keys: Keys,
  origin: string,
): Inherited<Keys> {
  const inherited = Object.entries(keys).map(([key, schema]) => {
    const inner = schema.unwrap() as z.ZodType;
    return [key, keyOf(inner.optional(), { ...metaOf(schema), initial: origin })];
  });
  return Object.fromEntries(inherited) as Inherited<Keys>;
}
