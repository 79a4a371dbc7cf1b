import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { EDITOR_SCHEMAS, type EditorSchemaName, renderEditorSchema } from "../../src/config/editor-schema.ts";
import { parseToml } from "../../src/config/toml-document.ts";
import { editorSchemaFileOf } from "../../tools/definitions-reference.ts";

const SERVICES = join(import.meta.dir, "../../services.d");

function validatorOf(name: EditorSchemaName): ValidateFunction {
  return new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(renderEditorSchema(name)));
}

test.each([...EDITOR_SCHEMAS])(
  "docs/%s.schema.json is what the schema makes of it (bun tools/definitions-reference.ts)",
  (name) => {
    expect(JSON.parse(readFileSync(editorSchemaFileOf(name), "utf8"))).toEqual(JSON.parse(renderEditorSchema(name)));
  },
);

describe("the schema for editors", () => {
  test.each([...new Bun.Glob("*.toml").scanSync(SERVICES)])("accepts the shipped %s, which names it", (file) => {
    const text = readFileSync(join(SERVICES, file), "utf8");
    const [first = ""] = text.split("\n");
    const name = EDITOR_SCHEMAS.find((each) => basename(first) === `${each}.schema.json`) ?? "definition";
    expect(first).toBe(`#:schema ../docs/${name}.schema.json`);
    const parsed = parseToml(text);
    const validate = validatorOf(name);
    expect([parsed.tag === "parsed" && validate(parsed.value), validate.errors]).toEqual([true, null]);
  });

  test.each([
    ["a key that nobody knows", { command: ["x"], comand: ["x"] }],
    ["a definition without a command", { description: "x" }],
    ["a number out of its range", { command: ["x"], nice: 99 }],
    ["a choice that is none", { command: ["x"], type: "simpel" }],
    ["a wrong key in a table", { command: ["x"], restart: { dealy: "1s" } }],
  ])("does not accept %s", (_what, definition) => {
    expect(validatorOf("definition")(definition)).toBe(false);
  });

  test.each([
    ["a variable in the place of a choice", { command: "x", type: "${TYPE}" }],
    ["the key by which JSON names it", { command: "x", $schema: "./definition.schema.json" }],
  ])("accepts %s", (_what, definition) => {
    expect(validatorOf("definition")(definition)).toBe(true);
  });

  test("does not ask of [defaults] what only a whole definition has", () => {
    const validate = validatorOf("settings");
    expect(validate({ defaults: { log: { keep: 3 }, restart: { delay: "1s" } } })).toBe(true);
    expect(validate({ defaults: { command: ["x"] } })).toBe(false);
  });
});
