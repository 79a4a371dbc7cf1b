import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const CLI = join(import.meta.dir, "..", "..", "src", "cli");
const transpiler = new Bun.Transpiler({ loader: "ts" });

/** All modules that are loaded with this one; what is imported lazily or only for its types does not count. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith(".ts")) return seen;
  for (const { kind, path } of transpiler.scanImports(readFileSync(file, "utf8"))) {
    if (kind !== "import-statement") continue;
    if (path.startsWith(".")) loadedWith(join(dirname(file), path), seen);
    else seen.add(path);
  }
  return seen;
}

/** Each costs a good part of the few milliseconds that a command may take. */
const HEAVY = /^(zod|yaml|toml-eslint-parser|bun:ffi|node:(tty|net|http|stream|util))/;

test("no command loads schemas, parsers or streams before it needs them", () => {
  const files = readdirSync(CLI).filter((file) => file.endsWith(".ts"));
  expect(files).toContain("run-command.ts");
  for (const file of files) {
    const heavy = [...loadedWith(join(CLI, file))].filter((module) => HEAVY.test(module));
    expect({ file, heavy }).toEqual({ file, heavy: [] });
  }
});

test("what is typed most loads no module of the runtime but foreign functions", () => {
  const commands = ["status", "start", "stop", "restart", "version"].map((name) => join(CLI, `${name}.ts`));
  for (const file of [...commands, join(CLI, "run-command.ts"), join(CLI, "..", "world.ts")]) {
    const loaded = [...loadedWith(file)].filter((module) => !module.startsWith("/") && module !== "bun:ffi");
    expect({ file, loaded }).toEqual({ file, loaded: [] });
  }
});

test("what is heavy would be found", () => {
  expect([...loadedWith(join(CLI, "..", "config", "definition-schema.ts"))].some((module) => HEAVY.test(module))).toBe(
    true,
  );
});
