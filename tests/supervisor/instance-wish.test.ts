import { describe, expect, test } from "bun:test";
import { type InstanceWish, partsOf, wishFor } from "../../src/supervisor/instance-wish.ts";

const BEFORE: InstanceWish = { count: 3, names: ["blue"] };

test.each([
  ["web", "web", null],
  ["web@", "web", null],
  ["web@x", "web", "x"],
])("%s means the template %s and the instance %j", (name, template, instance) => {
  expect(partsOf(name)).toEqual({ template, instance });
});

describe("to scale", () => {
  test.each([
    ["web", 5, { count: 5, names: ["blue"] }],
    ["web@", 0, { count: 0, names: ["blue"] }],
    ["web", null, { count: null, names: ["blue"] }],
    ["web@red", 1, { count: 3, names: ["blue", "red"] }],
    ["web@blue", 1, { count: 3, names: ["blue"] }],
    ["web@blue", 0, { count: 3, names: [] }],
  ] as const)("%s to %j changes just that", (name, count, wish) => {
    expect(wishFor(name, count, BEFORE)).toEqual({ tag: "wish", template: "web", wish });
  });

  test.each([
    ["web@blue", 2, 'it is one instance, want 0 or 1, or "web"'],
    ["web@blue", null, 'it is one instance, want 0 or 1, or "web"'],
    ["web@2", 0, 'it was not made by name, want "web" and the number of instances'],
  ] as const)("%s to %j is refused", (name, count, reason) => {
    expect(wishFor(name, count, BEFORE)).toEqual({ tag: "refused", template: "web", reason });
  });
});
