import { expect, test } from "bun:test";
import fc from "fast-check";
import { definitionSchema } from "../../src/config/definition-schema.ts";
import { tableParserOf } from "../../src/config/parse-table.ts";

const parse = tableParserOf(definitionSchema, ["command"]);

/** Good and bad values for some keys of every kind, and a key that is none. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  command: ["/bin/true", ["a", "b"], "", [], 1, "a | b"],
  type: ["simple", "oneshot", "simpel", null],
  umask: ["022", "9", 18],
  user: ["nobody", ""],
  groups: [["video"], "video"],
  environment: [{}, { A: "b" }, { "A=B": "c" }, { A: 1 }],
  environment_file: ["a.env", [{ path: "b.env", optional: true }], [{ path: "b.env", more: 1 }]],
  restart: [{}, { delay: "1s" }, { delay: 1 }, { dealy: "1s" }, "always"],
  limits: [{}, { nofile: 10, core: "unlimited" }, { nofile: "unlimited" }],
  log: [{ to: [] }, { to: ["file", "syslog"] }, { max_size: "1KiB" }],
  requires: [["db"], [{ name: "db" }], "db", [5]],
  ready: [{ notify: true }, { fd: 2 }],
  sockets: [{}, { a: { listen: ":80" } }, { a: {} }],
  hooks: [{}, { before_start: "x" }, { before_start: 1 }],
  schedule: [{ every: "1h" }, { every: 1 }],
  toString: ["x"],
  constructor: [{}],
};

const tables = fc.record(
  Object.fromEntries(Object.entries(VALUES).map(([key, values]) => [key, fc.constantFrom(...values)])),
  { requiredKeys: [] },
);

test("what is there is parsed, and what is not there is given its default, as the whole schema does it", () => {
  const seen = { sound: 0, faulty: 0 };
  fc.assert(
    fc.property(fc.oneof(tables, soundTables()), (table) => {
      const whole = definitionSchema.safeParse(table);
      seen[whole.success ? "sound" : "faulty"]++;
      expect(parse(table)).toEqual(whole.success ? whole.data : null);
    }),
    { numRuns: 400, examples: [[{}], [{ command: "/bin/true" }]] },
  );
  expect(seen.sound).toBeGreaterThan(20);
  expect(seen.faulty).toBeGreaterThan(20);
});

test("two definitions share nothing that one of them has written", () => {
  const first = parse({ command: "a", restart: { delay: "1s" }, environment: { A: "b" } });
  const second = parse({ command: "b" });
  expect(first?.restart.delay as number).toBe(1000);
  expect(second?.restart.delay as number).toBe(100);
  expect(second?.environment).toEqual({});
});

/** Tables of which every value is the first for its key, and good. */
function soundTables(): fc.Arbitrary<Record<string, unknown>> {
  const own = Object.entries(VALUES).filter(([key]) => Object.hasOwn(definitionSchema.shape, key));
  return fc.record(Object.fromEntries(own.map(([key, values]) => [key, fc.constant(values[0])])), {
    requiredKeys: ["command"],
  });
}
