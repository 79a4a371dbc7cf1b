import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type * as z from "zod";
import { definitionKeys } from "../../src/config/documented-keys.ts";
import { REFERENCE, renderReference } from "../../tools/definitions-reference.ts";

test("docs/definitions.md says what the schema says (bun tools/definitions-reference.ts writes it)", () => {
  expect(plain(readFileSync(REFERENCE, "utf8"))).toBe(plain(renderReference()));
});

test("every key has an example, and every example is what the key takes", () => {
  for (const { table, key, schema, facts } of definitionKeys()) {
    const { example } = facts;
    if (key === "sockets") continue;
    const written = Bun.TOML.parse(example ?? "") as Readonly<Record<string, unknown>>;
    expect([table, Object.keys(written)]).toEqual([table, [key]]);
    const taken = (schema as z.ZodType).safeParse(written[key]);
    expect([table, key, taken.error?.issues]).toEqual([table, key, undefined]);
  }
});

/** Without what the formatter does to tables. */
function plain(markdown: string): string {
  return markdown.replace(/ +/g, " ").replace(/-{3,}/g, "---");
}
