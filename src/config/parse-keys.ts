import { definitionSchema, type ParsedDefinition } from "./definition-schema.ts";
import type { Table } from "./document.ts";
import { tableParserOf } from "./parse-table.ts";

/** What the schema makes of a definition, quickly; null if it finds something wrong, and is to be asked what. */
export const parseKeys: (table: Table) => ParsedDefinition | null = tableParserOf(
  definitionSchema,
  // A definition lacks nothing but its command.
  ["command"],
);
