/* Writes docs/definitions.md, the reference of every key, and the schemas for editors; a test compares them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  choicesOf,
  definitionKeys,
  type DocumentedKey,
  initialOf,
  settingsKeys,
  tableDescriptionOf,
} from "../src/config/documented-keys.ts";
import { EDITOR_SCHEMAS, type EditorSchemaName, renderEditorSchema } from "../src/config/editor-schema.ts";

export const REFERENCE = join(import.meta.dir, "../docs/definitions.md");
/** What is said of definitions beside their keys, written by hand. */
const NOTES = join(import.meta.dir, "definitions-notes.md");

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
    ...sectionsOf(settingsKeys()),
  ].join("\n");
}

/** One part of the page for each table. */
function sectionsOf(keys: readonly DocumentedKey[]): readonly string[] {
  return [...Map.groupBy(keys, ({ table }) => table)].flatMap(([table, rows]) => [
    ...(table === "" ? [] : [`## [${table}]`, "", `${tableDescriptionOf(table)}.`, ""]),
    "| key | meaning | without it | at most | reload | example |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(rowOf),
    "",
  ]);
}

function rowOf(documented: DocumentedKey): string {
  const { key, schema, facts } = documented;
  const cells = [
    code(key),
    facts.description,
    initialWordsOf(documented),
    choicesOf(schema)
      ?.map((choice) => code(JSON.stringify(choice)))
      .join(", ") ?? facts.limit,
    facts.live ? "live" : "restart",
    facts.example === undefined ? "" : code(facts.example),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function initialWordsOf(documented: DocumentedKey): string {
  const initial = initialOf(documented);
  switch (initial.tag) {
    case "value":
      return code(JSON.stringify(initial.value));
    case "words":
      return initial.words;
    case "none":
      return "none";
    case "required":
      return "must be there";
  }
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Where the schema for editors lies that the shipped definitions name. */
export function editorSchemaFileOf(name: EditorSchemaName): string {
  return join(import.meta.dir, `../docs/${name}.schema.json`);
}

if (import.meta.main) {
  writeFileSync(REFERENCE, renderReference());
  for (const name of EDITOR_SCHEMAS) writeFileSync(editorSchemaFileOf(name), renderEditorSchema(name));
}
