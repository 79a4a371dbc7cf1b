/*
 * JSON Schema (draft 2020-12) of the configuration, for editors: they complete keys, show what each is for, and underline
 * what is wrong while it is typed. It is made from the schema that checks the files, but is more lenient: what only code can
 * judge (units, commands, names) is left to `check`.
 */
import * as z from "zod";
import { definitionSchema } from "./definition-schema.ts";
import { choicesOf, type DocumentedKey, type Initial, initialOf } from "./documented-keys.ts";
import { type KeyMeta, metaOf, tableShapeOf } from "./key-meta.ts";
import { settingsSchema } from "./settings-schema.ts";

/** What a schema may be made of: a definition of a service, or daemonsup.toml. */
export const EDITOR_SCHEMAS = ["definition", "settings"] as const;
export type EditorSchemaName = (typeof EDITOR_SCHEMAS)[number];

type Json = Record<string, unknown>;

/** Where every value may have a variable, which is filled in before the value is judged. */
const VARIABLE: Json = { type: "string", pattern: "\\$" };

/** The text of the schema, with its newline. */
export function renderEditorSchema(name: EditorSchemaName): string {
  return `${JSON.stringify(name === "definition" ? schemaOfDefinition() : schemaOfSettings(), null, 2)}\n`;
}

function schemaOfDefinition(): Json {
  const converted = convert(definitionSchema);
  const properties = { ...(converted["properties"] as Json), $schema: { type: "string" } };
  return titled("A service of daemonsup", { ...converted, properties });
}

function schemaOfSettings(): Json {
  const converted = convert(settingsSchema);
  const shared = Object.entries(definitionSchema.shape).filter(([, schema]) => metaOf(schema).shared !== false);
  const all = convert(definitionSchema)["properties"] as Json;
  const defaults = {
    ...((converted["properties"] as Json)["defaults"] as Json),
    type: "object",
    properties: Object.fromEntries(shared.map(([key]) => [key, withoutRequired(all[key] as Json)])),
    additionalProperties: false,
  };
  return titled("Settings of daemonsup", {
    ...converted,
    properties: { ...(converted["properties"] as Json), defaults },
  });
}

function titled(title: string, { $schema, ...rest }: Json): Json {
  return { $schema, title, ...rest };
}

/** [defaults] may say a part of a table. */
function withoutRequired({ required: _required, ...rest }: Json): Json {
  return rest;
}

function convert(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, {
    io: "input",
    // A union of what code converts is any value to an editor.
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const node = jsonSchema as Json;
      const facts = factsOf(zodSchema);
      for (const key of ["live", "limit", "example", "initial", "field", "shared"]) delete node[key];
      if (isChoiceOfTexts(node)) makeVariable(node);
      if (facts === null) return;
      if (tableShapeOf(zodSchema) !== null) {
        // What holds without a table is said of its keys.
        delete node["default"];
        node["description"] = `${facts.description}.`;
        return;
      }
      node["description"] = describe({ schema: zodSchema, facts });
      const example = exampleOf(facts);
      if (example !== undefined) node["examples"] = [example];
    },
  }) as Json;
}

function factsOf(schema: z.core.$ZodType): KeyMeta | null {
  return z.globalRegistry.has(schema) ? metaOf(schema) : null;
}

function isChoiceOfTexts(node: Json): boolean {
  return node["type"] === "string" && (node["enum"] !== undefined || node["pattern"] !== undefined);
}

/** In place, as the converter asks for it. */
function makeVariable(node: Json): void {
  const { type, enum: choices, pattern } = node;
  for (const key of ["type", "enum", "pattern"]) delete node[key];
  node["anyOf"] = [
    { type, ...(choices === undefined ? {} : { enum: choices }), ...(pattern === undefined ? {} : { pattern }) },
    VARIABLE,
  ];
}

function describe(key: Pick<DocumentedKey, "schema" | "facts">): string {
  const { description, limit, live } = key.facts;
  const without = wordsOf(initialOf(key));
  return [
    `${description}.`,
    ...(without === null ? [] : [`Without it: ${without}.`]),
    ...(choicesOf(key.schema) === null ? [`At most ${limit}.`] : []),
    live ? "A reload takes a change over while it runs." : "A change restarts it.",
  ].join(" ");
}

function wordsOf(initial: Initial): string | null {
  switch (initial.tag) {
    case "value":
      return JSON.stringify(initial.value);
    case "words":
      return initial.words.replaceAll("`", "");
    case "none":
    case "required":
      return null;
  }
}

/** The value of `key = value`. */
function exampleOf({ example }: KeyMeta): unknown {
  return example === undefined ? undefined : Object.values(Bun.TOML.parse(example) as Json)[0];
}
