import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../src/cli/run-command.ts";
import { literalWorld } from "./literal-world.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-check-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(directory, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, name, file), text);
}

async function check(...words: string[]): Promise<{ exit: number; out: string; err: string }> {
  const uid = process.getuid?.() ?? 0;
  const world = literalWorld({ cwd: directory, uid, invokingUid: uid });
  const exit = await runCommand(["check", ...words], world);
  return { exit, ...world.written };
}

const GOOD = 'command = ["/bin/sh", "-c", "exit 0"]\n';

test("good definitions are counted, and what is none is named", async () => {
  write("good", { "a.toml": GOOD, "b.json": '{ "command": ["/bin/sh"] }', "notes.txt": "x" });
  expect(await check("good")).toEqual({
    exit: 0,
    out: "ignored, no definitions: notes.txt\ngood: 2 services, no problems\n",
    err: "",
  });
});

test("without a directory it is ./services.d", async () => {
  write("services.d", { "a.toml": GOOD });
  expect(await check()).toEqual({ exit: 0, out: "services.d: 1 service, no problems\n", err: "" });
});

test("every problem of every file is printed, those of the machine too, and counted", async () => {
  write("bad", { "a.toml": `${GOOD}restrat = 1\ntype = "simpel"\n`, "b.toml": "command = \n" });
  const { exit, out } = await check("bad");
  expect(exit).toBe(6);
  expect(out).toContain("bad/a.toml:2:1: ");
  expect(out).toContain("bad/a.toml:3:");
  expect(out).toContain("bad/b.toml:");
  expect(out).toEndWith("\n3 problems in 2 files\n");
  write("missing", { "a.toml": 'command = ["/nonexistent/program"]\n' });
  const missing = await check("missing");
  expect(missing.exit).toBe(6);
  expect(missing.out).toStartWith("missing/a.toml:1:");
  expect(missing.out).toEndWith("\n1 problem in 1 file\n");
});

test("what is passed over is told, and is no problem", async () => {
  write("circle", { "a.toml": `${GOOD}requires = ["b"]\n`, "b.toml": `${GOOD}wants = ["a"]\n` });
  const { exit, out } = await check("circle");
  expect(exit).toBe(0);
  expect(out).toStartWith('warning: circle/b.toml:2:10: cannot use "wants[0]": ');
  expect(out).toContain("a (a.toml:2) requires b (b.toml:2) wants a");
  expect(out).toEndWith("\ncircle: 2 services, no problems\n");
});

test("what the machine lacks for a template is told once, not for each instance", async () => {
  write("many", { "web@.toml": 'command = "/nonexistent/program"\ninstances = 3\n' });
  const { exit, out } = await check("many");
  expect(exit).toBe(6);
  expect(out).toEndWith("\n1 problem in 1 file\n");
});

test("a directory that is missing is a problem", async () => {
  expect(await check("nowhere")).toMatchObject({ exit: 6, out: expect.stringContaining("nowhere") });
});

test("with --json the problems are data", async () => {
  write("json", { "a.toml": "command = 5\n" });
  const { exit, out } = await check("--json", "json");
  expect(exit).toBe(6);
  expect(JSON.parse(out)).toMatchObject({
    directory: join(directory, "json"),
    services: null,
    problems: [{ file: "json/a.toml", line: 1 }],
  });
});
