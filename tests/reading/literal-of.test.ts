import { expect, test } from "bun:test";
import fc from "fast-check";
import { literalOf } from "../../src/reading/literal-of.ts";

const TABLE: readonly (readonly [string, string | null])[] = [
  ["timeout", "timeout"],
  ["timeout after \\d+ms", "timeout after "],
  ["^GET /index", "GET /index"],
  ["a|b", null],
  ["(error|warning): disk", ": disk"],
  ["request 15[89] done", "request 15"],
  ["colou?r of it", "r of it"],
  ["xab+cde", "xab"],
  ["xab{2}cde", "xab"],
  ["xab{0,2}cde", "cde"],
  ["1\\.2\\.3", "1.2.3"],
  ["abc\\p{L}", null],
  ["(?<name>x)abc\\k<name>", null],
  ["ab", null],
  ['say "hello"', "hello"],
  ["größer als", "er als"],
  ["[\\]]abc", "abc"],
  ["((a)(b))abc", "abc"],
  ["abc(?!def)", "abc"],
  [".*", null],
  ["", null],
];

test.each(TABLE)("the literal of %j is %j", (pattern, literal) => expect(literalOf(pattern)).toBe(literal));

test("whatever an expression matches contains its literal", () => {
  const part = fc.constantFrom(
    "abc",
    "x",
    "[ab]",
    "(ab|c)",
    ".",
    "\\d",
    "\\.",
    "^",
    "$",
    "a|b",
    "(?:abc)",
    "\\b",
    "[^x]",
    "/",
  );
  const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{0,3}", "{1,}", "+?");
  const pattern = fc.array(fc.tuple(part, quantifier), { maxLength: 6 }).map((parts) => parts.flat().join(""));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "x", ".", "/", "1", "abc"), maxLength: 12 });
  fc.assert(
    fc.property(pattern, fc.array(text, { maxLength: 50 }), (source, texts) => {
      let expression: RegExp;
      try {
        expression = new RegExp(source, "u");
      } catch {
        return;
      }
      const literal = literalOf(source);
      if (literal === null) return;
      expect(texts.filter((each) => expression.test(each) && !each.includes(literal))).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
