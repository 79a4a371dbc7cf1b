/* Writes docs/definitions.md, the reference of every key, out of the schema; a test compares the two. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { definitionSchema } from "../src/config/definition-schema.ts";
import { type KeyMeta, metaOf, tableShapeOf } from "../src/config/key-meta.ts";
import { namedSinkKeys } from "../src/config/log-schema.ts";
import { settingsSchema } from "../src/config/settings-schema.ts";
import { socketKeys } from "../src/config/socket-schema.ts";

export const REFERENCE = join(import.meta.dir, "../docs/definitions.md");
/** What is said of definitions beside their keys, written by hand. */
const NOTES = join(import.meta.dir, "definitions-notes.md");

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** A key, and the table that it stands in: "" for the top level, "stop", "sockets.NAME". */
export interface DocumentedKey {
  readonly table: string;
  readonly key: string;
  readonly schema: z.core.$ZodType;
}

/** Every key of a definition that is no table itself, table by table. */
export function definitionKeys(): readonly DocumentedKey[] {
  return [
    ...keysOf(definitionSchema.shape, ""),
    ...keysOf(namedSinkKeys(), "log.sinks.NAME"),
    ...keysOf(socketKeys(), "sockets.NAME"),
  ];
}

export function renderReference(): string {
  return [
    "# Keys of a definition",
    "",
    "One file a service: `NAME.toml`, `.yaml`, `.yml` or `.json`. This page is made from the schema that checks the files",
    "(`bun tools/definitions-reference.ts`). Durations are written `250ms`, `10s`, `5m`, `2h`, `1d`, sizes `64KiB`, `10MiB`.",
    "Relative paths are relative to the directory of the definitions. The last column of a table says what a reload does",
    "when the key has changed: _live_ ones are taken over while the service runs, any other restarts it.",
    "",
    ...sectionsOf(definitionKeys()),
    readFileSync(NOTES, "utf8").trimEnd(),
    "",
    "# Keys of daemonsup.toml",
    "",
    "The supervisor's own settings, in the same directory. Beside them, `[defaults]` takes the keys of a definition that",
    "make sense for more than one service and holds for every service that says nothing itself. A key that is not live",
    "is taken over when the supervisor itself is started again.",
    "",
    ...sectionsOf(keysOf(settingsSchema.shape, "")),
  ].join("\n");
}

function keysOf(shape: Shape, table: string): DocumentedKey[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const inner = tableShapeOf(schema);
    const path = table === "" ? key : `${table}.${key}`;
    return inner === null ? [{ table, key, schema }] : keysOf(inner, path);
  });
}

/** One part of the page for each table. */
function sectionsOf(keys: readonly DocumentedKey[]): readonly string[] {
  return [...Map.groupBy(keys, ({ table }) => table)].flatMap(([table, rows]) => [
    ...(table === "" ? [] : [`## [${table}]`, "", `${descriptionOf(table)}.`, ""]),
    "| key | meaning | without it | at most | reload | example |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(rowOf),
    "",
  ]);
}

function descriptionOf(table: string): string {
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

function rowOf({ key, schema }: DocumentedKey): string {
  const facts = metaOf(schema);
  const cells = [
    code(key),
    facts.description,
    initialOf(schema, facts),
    choicesOf(schema) ?? facts.limit,
    facts.live ? "live" : "restart",
    facts.example === undefined ? "" : code(facts.example),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** What holds without the key, as a definition would write it. */
function initialOf(schema: z.core.$ZodType, { initial }: KeyMeta): string {
  if (initial !== undefined) return initial;
  if (schema instanceof z.ZodOptional) return "none";
  if (!(schema instanceof z.ZodDefault)) return "must be there";
  const value: unknown = schema.def.defaultValue;
  if (value === null || value === "" || Bun.deepEquals(value, {}) || Bun.deepEquals(value, [])) return "none";
  const inner = schema.unwrap() as z.ZodType;
  const written = writingsOf(value).find((text) => {
    const result = inner.safeParse(text);
    return result.success && Bun.deepEquals(result.data, value);
  });
  if (written === undefined) throw new Error(`no writing of a default: ${JSON.stringify(value)}`);
  return code(JSON.stringify(written));
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
function choicesOf(schema: z.core.$ZodType): string | null {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return choicesOf(schema.unwrap() as z.core.$ZodType);
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodLazy)
    return choicesOf(schema.unwrap() as z.core.$ZodType);
  if (schema instanceof z.ZodBoolean) return "`true`, `false`";
  return schema instanceof z.ZodEnum ? schema.options.map((option) => code(JSON.stringify(option))).join(", ") : null;
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) writeFileSync(REFERENCE, renderReference());
