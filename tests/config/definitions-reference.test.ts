import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { REFERENCE, renderReference } from "../../tools/definitions-reference.ts";

test("docs/definitions.md says what the schema says (bun tools/definitions-reference.ts writes it)", () => {
  expect(plain(readFileSync(REFERENCE, "utf8"))).toBe(plain(renderReference()));
});

/** Without what the formatter does to tables. */
function plain(markdown: string): string {
  return markdown.replace(/ +/g, " ").replace(/-{3,}/g, "---");
}
