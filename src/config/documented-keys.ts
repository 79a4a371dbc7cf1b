/* Every key of the configuration with what is to be said of it: the source of the reference, the manual and the editors' schema. */
import * as z from "zod";
import { definitionSchema } from "./definition-schema.ts";
import { type KeyMeta, metaOf, tableShapeOf } from "./key-meta.ts";
import { namedSinkKeys } from "./log-schema.ts";
import { settingsSchema } from "./settings-schema.ts";
import { socketKeys } from "./socket-schema.ts";

/** A key, and the table that it stands in: "" for the top level, "stop", "sockets.NAME". */
export interface DocumentedKey {
  readonly table: string;
  readonly key: string;
  readonly schema: z.core.$ZodType;
  readonly facts: KeyMeta;
}

/** What holds without a key: a value as a definition would write it, words, or nothing. */
export type Initial =
  | { readonly tag: "value"; readonly value: unknown }
  | { readonly tag: "words"; readonly words: string }
  | { readonly tag: "none" }
  | { readonly tag: "required" };

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** Every key of a definition that is no table itself, table by table. */
export function definitionKeys(): readonly DocumentedKey[] {
  return [
    ...keysOf(definitionSchema.shape, ""),
    ...keysOf(namedSinkKeys(), "log.sinks.NAME"),
    ...keysOf(socketKeys(), "sockets.NAME"),
  ];
}

/** The same of daemonsup.toml. */
export function settingsKeys(): readonly DocumentedKey[] {
  return keysOf(settingsSchema.shape, "");
}

function keysOf(shape: Shape, table: string): DocumentedKey[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const inner = tableShapeOf(schema);
    if (inner !== null) return keysOf(inner, table === "" ? key : `${table}.${key}`);
    return [{ table, key, schema, facts: metaOf(schema) }];
  });
}

/** What a table is for; "" if nothing is known of it. */
export function tableDescriptionOf(table: string): string {
  let shape: Shape | null = Object.hasOwn(definitionSchema.shape, table.split(".")[0] ?? "")
    ? definitionSchema.shape
    : settingsSchema.shape;
  let description = "";
  for (const part of table.split(".")) {
    const schema: z.core.$ZodType | undefined = shape?.[part];
    if (schema === undefined) break;
    description = metaOf(schema).description;
    shape = tableShapeOf(schema);
  }
  return description;
}

export function initialOf({ schema, facts }: Pick<DocumentedKey, "schema" | "facts">): Initial {
  if (facts.initial !== undefined) return { tag: "words", words: facts.initial };
  if (schema instanceof z.ZodOptional) return { tag: "none" };
  if (!(schema instanceof z.ZodDefault)) return { tag: "required" };
  const value: unknown = schema.def.defaultValue;
  if (value === null || value === "" || Bun.deepEquals(value, {}) || Bun.deepEquals(value, [])) return { tag: "none" };
  const inner = schema.unwrap() as z.ZodType;
  const written = writingsOf(value).find((text) => {
    const result = inner.safeParse(text);
    return result.success && Bun.deepEquals(result.data, value);
  });
  if (written === undefined) throw new Error(`internal error: no writing of a default: ${JSON.stringify(value)}`);
  return { tag: "value", value: written };
}

/** All that a value may be written as. */
function writingsOf(value: unknown): readonly unknown[] {
  if (typeof value !== "number") return [value];
  const times = { ms: 1, s: 1000, m: 60_000 };
  const sizes = { KiB: 1024, MiB: 1024 ** 2 };
  const withUnit = [...Object.entries(times), ...Object.entries(sizes)]
    .filter(([, factor]) => value % factor === 0)
    .map(([unit, factor]) => `${value / factor}${unit}`)
    .toReversed();
  return [value, value.toString(8).padStart(value > 0o77 ? 4 : 3, "0"), ...(value === 0 ? ["0s"] : []), ...withUnit];
}

/** The values of a choice; null: it is none. */
export function choicesOf(schema: z.core.$ZodType): readonly unknown[] | null {
  const isWrapped =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodLazy;
  if (isWrapped) return choicesOf(schema.unwrap() as z.core.$ZodType);
  if (schema instanceof z.ZodBoolean) return [true, false];
  return schema instanceof z.ZodEnum ? schema.options : null;
}
