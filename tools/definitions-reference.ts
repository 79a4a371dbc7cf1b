/* Writes docs/definitions.md, the reference of every key, out of the schema; a test compares the two. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as z from "zod";
import { definitionSchema } from "../src/config/definition-schema.ts";
import { metaOf, tableShapeOf } from "../src/config/key-meta.ts";
import { settingsSchema } from "../src/config/settings-schema.ts";

export const REFERENCE = join(import.meta.dir, "../docs/definitions.md");

export function renderReference(): string {
  return [
    "# Keys of a definition",
    "",
    "One file a service: `NAME.toml`, `.yaml`, `.yml` or `.json`. This page is made from the schema that checks the files",
    "(`bun tools/definitions-reference.ts`). _Live_ keys are taken over by a reload while the service runs; a change of any",
    "other restarts it. Durations are written `250ms`, `10s`, `5m`, `2h`, `1d`, sizes `64KiB`, `10MiB`. Relative paths are",
    "relative to the directory of the definitions.",
    "",
    ...tableOf(definitionSchema, ""),
    "",
    "# Keys of daemonsup.toml",
    "",
    "The supervisor's own settings, in the same directory. Beside them, `[defaults]` takes the keys of a definition that",
    "make sense for more than one service and holds for every service that says nothing itself.",
    "",
    ...tableOf(settingsSchema, ""),
    "",
  ].join("\n");
}

function tableOf(schema: z.core.$ZodType, above: string): readonly string[] {
  return ["| key | meaning | at most | live |", "| --- | --- | --- | --- |", ...rowsOf(schema, above)];
}

function rowsOf(schema: z.core.$ZodType, above: string): readonly string[] {
  return Object.entries(tableShapeOf(schema) ?? {}).flatMap(([key, inner]) => {
    const { description, limit, live } = metaOf(inner);
    const path = `${above}${key}`;
    const row = `| \`${path}\` | ${description} | ${limit} | ${live ? "yes" : ""} |`;
    return [row, ...rowsOf(inner, `${path}.`)];
  });
}

if (import.meta.main) writeFileSync(REFERENCE, renderReference());
