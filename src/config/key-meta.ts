import * as z from "zod";

// To write a function for each table, compile it and warm it up takes longer than to do without, even for a thousand definitions
// with several tables each. It counts for schemas that are built after it: all of them take their facts from here.
z.config({ jitless: true });

/** What is said of every key, beside its schema. */
export interface KeyMeta {
  readonly description: string;
  /** true: a running service takes a change without a restart; of a table, of whatever it holds. */
  readonly live: boolean;
  /** The most that is allowed, in words, for the documentation. */
  readonly limit: string;
  /** A line of a definition that has it; for a table, none. */
  readonly example?: string;
  /** What holds without it, in words, where the schema itself does not say it. */
  readonly initial?: string;
  /** The field of the definition, where it is not the key in camel case; null: it fills none. */
  readonly field?: string | null;
  /** false: says something of one service only, so that [defaults] must not have it. */
  readonly shared?: false;
}

/**
 * The schema with its facts attached, where everything that is derived from the schema finds them. It must be this key's
 * own: `meta` would make a copy, and half of what building the schema costs is these copies.
 */
export function keyOf<Schema extends z.ZodType>(schema: Schema, facts: KeyMeta): Schema {
  if (z.globalRegistry.has(schema)) throw new Error("internal error: two keys share a schema");
  z.globalRegistry.add(schema, { ...facts });
  return schema;
}

/**
 * A schema that is built when it is first needed: most definitions have few of the keys, and to build all of them takes
 * longer than to read a definition.
 */
export function builtLate<Schema extends z.ZodType>(build: () => Schema): z.ZodLazy<Schema> {
  return z.lazy(build);
}

/** The facts of a key. Throws if it has none, which is a bug of ours. */
export function metaOf(schema: z.core.$ZodType): KeyMeta {
  const facts = z.globalRegistry.get(schema);
  if (
    typeof facts?.description !== "string" ||
    typeof facts["live"] !== "boolean" ||
    typeof facts["limit"] !== "string"
  ) {
    throw new Error("internal error: a key of the schema lacks its facts");
  }
  return {
    description: facts.description,
    live: facts["live"],
    limit: facts["limit"],
    ...(typeof facts["example"] === "string" ? { example: facts["example"] } : {}),
    ...(typeof facts["initial"] === "string" ? { initial: facts["initial"] } : {}),
    ...(typeof facts["field"] === "string" || facts["field"] === null ? { field: facts["field"] } : {}),
    ...(facts["shared"] === false ? { shared: false } : {}),
  };
}

/** The keys of a table's schema, through the defaults around it; null if the schema is no table. */
export function tableShapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | null {
  if (schema instanceof z.ZodObject) return schema.shape as Readonly<Record<string, z.core.$ZodType>>;
  if (isWrapper(schema)) return tableShapeOf(schema.unwrap() as z.core.$ZodType);
  if (schema instanceof z.ZodUnion)
    return (
      schema.options.map((option) => tableShapeOf(option as z.core.$ZodType)).find((shape) => shape !== null) ?? null
    );
  return null;
}

/** What stands below one key of a table, or one element of a list; null if nothing is known of it. */
export function innerSchemaOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | null {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Readonly<Record<string, z.core.$ZodType>>;
    return Object.hasOwn(shape, part) ? (shape[part] ?? null) : null;
  }
  if (schema instanceof z.ZodRecord) return schema.valueType as z.core.$ZodType;
  if (schema instanceof z.ZodArray) return typeof part === "number" ? (schema.element as z.core.$ZodType) : null;
  return (
    layersOf(schema)
      .map((layer) => innerSchemaOf(layer, part))
      .find((inner) => inner !== null) ?? null
  );
}

/** The keys that a table may have, through everything that is wrapped around its schema; none if it is no table. */
export function keyNamesOf(schema: z.core.$ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : layersOf(schema).flatMap(keyNamesOf);
}

/** The schemas that a schema is wrapped around. */
function layersOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (isWrapper(schema)) return [schema.unwrap() as z.core.$ZodType];
  if (schema instanceof z.ZodPipe) return [schema.in as z.core.$ZodType];
  return schema instanceof z.ZodUnion ? (schema.options as readonly z.core.$ZodType[]) : [];
}

/** The field of a definition that a key fills: oom_score_adjust becomes oomScoreAdjust; null: none. */
export function fieldOf(key: string, facts: KeyMeta): string | null {
  return facts.field !== undefined
    ? facts.field
    : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isWrapper(schema: z.core.$ZodType): schema is z.ZodOptional | z.ZodDefault | z.ZodPrefault | z.ZodLazy {
  return (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodLazy
  );
}
