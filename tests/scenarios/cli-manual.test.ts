import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { definitionKeys, settingsKeys } from "../../src/config/documented-keys.ts";
import { skipReason } from "./loud-skip.ts";
import { BINARY, run } from "./test-supervisor.ts";

const needsMan = skipReason("manual pages", [
  [Bun.which("man") !== null && Bun.which("lexgrog") !== null, "there is no man, or no lexgrog"],
  [Bun.which("groff") !== null, "there is no groff"],
]);

/** The page as a reader sees it, and what man has to say against it. */
async function read(page: string, section: number) {
  const directory = mkdtempSync(join(tmpdir(), "ds-man-"));
  try {
    const file = join(directory, `${page}.${section}`);
    writeFileSync(file, (await run([BINARY, "man", page])).stdout);
    const name = await run(["lexgrog", file]);
    const env = { MANWIDTH: "80", LC_ALL: "C.UTF-8", MAN_KEEP_FORMATTING: "", MANPAGER: "cat" };
    const shown = await run(["man", "--warnings=w", "-E", "UTF-8", "-l", file], env);
    return { name: name.stdout.replace(`${file}: `, "").trim(), text: shown.stdout, warnings: shown.stderr };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test.skipIf(needsMan !== null)("daemonsup(1) is taken by man as it is, and tells every command", async () => {
  const { name, text, warnings } = await read("daemonsup", 1);
  expect(warnings).toBe("");
  expect(name).toBe('"daemonsup - keeps the programs of a directory of definitions running"');
  for (const command of Object.keys(COMMANDS)) expect(text).toContain(`   daemonsup ${command}`);
  expect(text).toContain("--no-wait");
  expect(text).toContain("SIGHUP");
});

test.skipIf(needsMan !== null)("daemonsup.toml(5) is taken by man as it is, and tells every key", async () => {
  const { name, text, warnings } = await read("daemonsup.toml", 5);
  expect(warnings).toBe("");
  expect(name).toBe('"daemonsup.toml - definitions of services, and settings of their supervisor"');
  const words = new Set(text.split(/\s+/));
  const missing = [...definitionKeys(), ...settingsKeys()].filter(({ key }) => !words.has(key));
  expect(missing.map(({ key }) => key)).toEqual([]);
});
