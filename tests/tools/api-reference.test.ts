import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { API_REFERENCE, withAnswers, withRoutes } from "../../tools/api-reference.ts";
import { skipReason } from "../scenarios/loud-skip.ts";

const missing = ["curl", "jq"].filter((program) => Bun.which(program) === null);
const noAnswers =
  skipReason("the answers in docs/api.md", [[missing.length === 0, `${missing.join(", ")} not installed`]]) !== null;

test("docs/api.md lists the routes that there are (bun tools/api-reference.ts writes it)", () => {
  const text = readFileSync(API_REFERENCE, "utf8");
  expect(plain(withRoutes(text))).toBe(plain(text));
});

test.skipIf(noAnswers)("every example in docs/api.md answers what the program answers", async () => {
  const text = readFileSync(API_REFERENCE, "utf8");
  expect(plain(await withAnswers(text))).toBe(plain(text));
});

/** Without what the formatter does to tables. */
function plain(markdown: string): string {
  return markdown
    .replace(/ +/g, " ")
    .replace(/-{3,}/g, "---")
    .replace(/\n{3,}/g, "\n\n");
}
