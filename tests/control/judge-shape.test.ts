import { describe, expect, test } from "bun:test";
import { describeShape } from "../../src/control/describe-shape.ts";
import { judge } from "../../src/control/judge-shape.ts";
import {
  choice,
  flag,
  list,
  moment,
  nullOr,
  number,
  object,
  openObject,
  optional,
  otherwise,
  type Shape,
  text,
  whole,
} from "../../src/control/shape.ts";

const inside = object({ name: text(5), deep: nullOr(object({ flag: flag() })) });

const sound: readonly (readonly [string, Shape, unknown, unknown])[] = [
  ["text", text(3), "abc", "abc"],
  ["a time with a zone", moment(), "2026-02-28T23:59:59.5+14:00", "2026-02-28T23:59:59.5+14:00"],
  ["a whole number", whole(1, 5), 5, 5],
  ["a number", number(), -0.5, -0.5],
  ["null where it may be", nullOr(whole()), null, null],
  ["a list", list(choice(["a", "b"]), 1, 2), ["b", "a"], ["b", "a"]],
  ["what was left out", object({ a: otherwise(flag(), true), b: optional(text()) }), {}, { a: true, b: null }],
  [
    "what was not left out",
    object({ a: otherwise(flag(), true), b: optional(text()) }),
    { a: false, b: "" },
    { a: false, b: "" },
  ],
  ["others where they may be, left out", openObject({ a: flag() }), { a: true, b: 1 }, { a: true }],
];

test.each(sound)("%s is let through", (...[, shape, raw, value]) => {
  expect(judge(shape, raw)).toEqual({ tag: "ok", value });
});

const unsound: readonly (readonly [Shape, unknown, string])[] = [
  [text(3), "abcd", "got 4 characters, want text of at most 3 characters"],
  [text(), 7, "got 7, want text"],
  [moment(), "2026-02-30T00:00:00Z", 'got "2026-02-30T00:00:00Z", want a time like "2026-01-02T03:04:05Z"'],
  [moment(), "2026-01-02T03:04:05", 'got "2026-01-02T03:04:05", want a time like "2026-01-02T03:04:05Z"'],
  [moment(), "2026-01-02T24:00:00Z", 'got "2026-01-02T24:00:00Z", want a time like "2026-01-02T03:04:05Z"'],
  [whole(1, 5), 6, "got 6, want a whole number from 1 to 5"],
  [whole(1, 5), 1.5, "got 1.5, want a whole number from 1 to 5"],
  [whole(), 2 ** 53, "got 9007199254740992, want a whole number"],
  [nullOr(whole(1, 5)), "1", 'got "1", want a whole number from 1 to 5 or null'],
  [number(), "1", 'got "1", want a number'],
  [flag(), "yes", 'got "yes", want true or false'],
  [flag(), null, "got null, want true or false"],
  [choice(["start", "stop"]), "strat", 'got "strat", want one of start, stop (did you mean "start"?)'],
  [list(text(), 1, 2), [], "got 0 items, want a list of 1 to 2 items"],
  [list(text()), { length: 1 }, "got an object, want a list"],
  [list(flag()), [true, 0, 1], '"1": got 0, want true or false; "2": got 1, want true or false'],
  [inside, [], "got a list, want an object"],
  [inside, { deep: null }, '"name": got nothing, want text of at most 5 characters'],
  [inside, { name: "a", deep: { flag: 1 } }, '"deep.flag": got 1, want true or false'],
  [
    inside,
    { name: "a", deep: { fag: true } },
    '"deep": unknown member "fag" (did you mean "flag"?): want flag; "deep.flag": got nothing, want true or false',
  ],
  [object({}), { a: 1 }, 'unknown member "a": want none'],
  [object({ toString: flag() }), {}, '"toString": got nothing, want true or false'],
  [object({ a: optional(flag()) }), JSON.parse('{"__proto__":{"a":true}}'), 'unknown member "__proto__": want a'],
];

test.each(unsound)(
  "what is wrong is told with where, what was found, and what is wanted: %p",
  (shape, raw, reasons) => {
    const judgement = judge(shape, raw);
    expect(judgement.tag === "refused" ? judgement.reasons.join("; ") : judgement).toBe(reasons);
  },
);

describe("a query", () => {
  const query = object({
    lines: otherwise(whole(-3, 1000), 100),
    follow: otherwise(flag(), false),
    beat: optional(whole()),
  });
  const asked: readonly (readonly [Readonly<Record<string, string>>, object])[] = [
    [{}, { lines: 100, follow: false, beat: null }],
    [
      { lines: "007", follow: "", beat: "0" },
      { lines: 7, follow: true, beat: 0 },
    ],
    [
      { lines: "-3", follow: "1" },
      { lines: -3, follow: true, beat: null },
    ],
    [{ follow: "false" }, { lines: 100, follow: false, beat: null }],
    [{ follow: "0" }, { lines: 100, follow: false, beat: null }],
  ];

  test.each(asked)("%p is text that means something", (raw, value) => {
    expect(judge(query, raw, "query")).toEqual({ tag: "ok", value } as never);
  });

  const refused: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ lines: "" }, '"lines": got "", want a whole number from -3 to 1000'],
    [{ lines: "1e3" }, '"lines": got "1e3", want a whole number from -3 to 1000'],
    [{ lines: "0000000001" }, '"lines": got "0000000001", want a whole number from -3 to 1000'],
    [{ follow: "yes" }, '"follow": got "yes", want true or false'],
    [{ beat: "null" }, '"beat": got "null", want a whole number'],
  ];

  test.each(refused)("%p is refused, and no null is offered", (raw, reason) => {
    expect(judge(query, raw, "query")).toEqual({ tag: "refused", reasons: [reason] });
  });
});

test("a shape is described with its limits and with what counts when something is left out", () => {
  const shape = object({
    name: text(5),
    many: list(whole(0, 9), 1, 2),
    wait: otherwise(flag(), true),
    at: optional(moment()),
  });
  expect(describeShape(shape, { isRequest: true, referenceTo: () => null })).toEqual({
    type: "object",
    properties: {
      name: { type: "string", maxLength: 5 },
      many: { type: "array", items: { type: "integer", minimum: 0, maximum: 9 }, minItems: 1, maxItems: 2 },
      wait: { type: "boolean", default: true },
      at: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }], default: null },
    },
    required: ["name", "many"],
    additionalProperties: false,
  });
});
