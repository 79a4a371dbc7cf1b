import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isPattern, matchesPattern } from "../../src/core/name-pattern.ts";

describe("a pattern", () => {
  test.each([["*"], ["we?"], ["web[12]"], ["a*b"], ["["]])("is seen in %p", (text) =>
    expect(isPattern(text)).toBe(true),
  );
  test.each([["web"], ["web.1"], ["web@x-2_a"], [""]])("is not seen in %p", (text) =>
    expect(isPattern(text)).toBe(false),
  );

  test.each([
    ["web", "web"],
    ["web", "*"],
    ["web", "w*"],
    ["web", "*b"],
    ["web", "w*b"],
    ["web", "***"],
    ["web", "web*"],
    ["web", "we?"],
    ["web", "???"],
    ["web1", "web[0-9]"],
    ["webb", "web[abc]"],
    ["web-", "web[a-]"],
    ["web.1", "web.?"],
    ["web[", "web["],
    ["aXbXc", "a*b*c"],
    ["mississippi", "m*iss*ppi"],
    ["mississippi", "m*issip*"],
    ["", "*"],
    ["", ""],
  ])("lets %p match %p", (name, pattern) => expect(matchesPattern(name, pattern)).toBe(true));

  test.each([
    ["web", "we"],
    ["web", "webb"],
    ["web", "Web"],
    ["web", "??"],
    ["web", "????"],
    ["web", "w*x"],
    ["web1", "web[a-z]"],
    ["webx", "web.?"],
    ["web", "[a-z]"],
    ["webx", "web."],
    ["", "?"],
    ["web", ""],
  ])("does not let %p match %p", (name, pattern) => expect(matchesPattern(name, pattern)).toBe(false));

  test("takes time in proportion to name times pattern at most", () => {
    expect(matchesPattern("a".repeat(5_000), `${"*a".repeat(1_000)}*b`)).toBe(false);
  });

  test("means what the regular expression made of it means", () => {
    const names = fc.string({ unit: fc.constantFrom("a", "b", "-", "."), maxLength: 8 });
    const parts = fc.array(fc.constantFrom("a", "b", "-", ".", "*", "?", "[ab]", "[a-b]", "[.-]"), { maxLength: 6 });
    fc.assert(
      fc.property(names, parts, (name, chosen) => {
        const expected = new RegExp(`^${chosen.map(expressionOf).join("")}$`).test(name);
        expect(matchesPattern(name, chosen.join(""))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

function expressionOf(part: string): string {
  if (part === "*") return ".*";
  if (part === "?" || part.startsWith("[")) return part === "?" ? "." : part;
  return `\\${part}`.replace(/\\([ab])/, "$1");
}
