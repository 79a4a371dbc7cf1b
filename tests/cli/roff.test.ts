import { expect, test } from "bun:test";
import { entry, pageHead, paragraphs, roffLine } from "../../src/cli/roff.ts";

test.each([
  ["a-b", "a\\-b"],
  ["back\\slash", "back\\eslash"],
  [".dot first", "\\&.dot first"],
  ["'quote first", "\\&'quote first"],
  ["~/x^y", "\\(ti/x\\(hay"],
  ["use `a-b` now", "use \\fBa\\-b\\fR now"],
])("%p is written so that roff takes nothing of it for its own", (text, line) => {
  expect(roffLine(text)).toBe(line);
});

test("paragraphs are filled, and those with an indented line kept as they are", () => {
  expect(paragraphs("one\n  two\n\nthree\nfour")).toEqual([
    ".PP",
    ".nf",
    "one",
    "  two",
    ".fi",
    ".PP",
    "three",
    "four",
  ]);
});

test("an entry has its word in bold", () => {
  expect(entry("--json", "print\n.x")).toEqual([".TP", "\\fB\\-\\-json\\fR", "print", "\\&.x"]);
});

test("the head of a page is what apropos finds", () => {
  expect(pageHead({ name: "a-b", section: 1, summary: "does it", source: "x 1" })).toEqual([
    '.TH A-B 1 "" "x 1"',
    ".nh",
    ".ad l",
    '.SH "NAME"',
    "a\\-b \\- does it",
  ]);
});
