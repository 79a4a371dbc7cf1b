import { expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import type { Finding } from "../../src/cli/finding.ts";
import { program } from "./definitions.ts";
import { asOrdinaryUser } from "./ordinary-user.ts";
import { noTerminal, Terminal } from "./terminal.ts";
import { BINARY, run, TestPlace, TestSupervisor } from "./test-supervisor.ts";

function levelOf(json: string, about: string): string | undefined {
  return (JSON.parse(json) as readonly Finding[]).find((finding) => finding.about === about)?.level;
}

test("doctor tells of services in trouble and of wrong definitions, and what to do", async () => {
  await using supervisor = await TestSupervisor.start({
    "bad.toml": program(["false"], '[restart]\npolicy = "never"'),
    "good.toml": program(["sleep", "1000"]),
  });
  await supervisor.until("bad", ({ state }) => state === "failed");
  const seen = await supervisor.command("doctor");
  expect([seen.code, seen.stderr]).toEqual([1, ""]);
  expect(seen.stdout).toMatch(/^problem {2}services +1 of 2 in trouble: bad\n +-> daemonsup status bad$/m);
  supervisor.place.write("good.toml", "comand = 1\n");
  const again = await supervisor.command("doctor", "--json");
  expect(levelOf(again.stdout, "definitions")).toBe("problem");
  expect(levelOf(again.stdout, "supervisor")).toBe("ok");
});

const skip = noTerminal("doctor at a terminal") !== null;

for (const columns of [40, 80, 200]) {
  test.skipIf(skip)(`doctor fits ${columns} columns, and names all that is in trouble`, async () => {
    const files = Object.fromEntries(
      ["a", "b"].map((name) => [`${name}.toml`, program(["false"], '[restart]\npolicy = "never"')]),
    );
    await using supervisor = await TestSupervisor.start(files);
    for (const name of ["a", "b"]) await supervisor.until(name, ({ state }) => state === "failed");
    const env = { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime };
    await using terminal = await Terminal.open({ columns, rows: 70, env });
    await terminal.type(`clear; ${BINARY} doctor; echo END`);
    const [screen = ""] = (await terminal.until((text) => /^END$/m.test(text))).split("END");
    expect(screen.replaceAll(/\s+/g, " ")).toContain(
      "2 of 2 in trouble: a, b -> daemonsup status says of each why, and what to type next",
    );
    // Whatever begins a line is a level, its text is indented: the terminal has broken nothing but a long path.
    expect(screen).not.toMatch(/^(?!ok|note|warning|problem|\d things?|\/)\S/m);
  });
}

test("doctor does not advise to kill a supervisor that one may only not ask", async () => {
  using place = new TestPlace({});
  const closed = place.path("closed");
  mkdirSync(closed, { mode: 0o000 });
  const { stdout } = await run(asOrdinaryUser([BINARY, "doctor", "--json", "--runtime-dir", closed]));
  // Only root may remove it as it is.
  chmodSync(closed, 0o700);
  const found = (JSON.parse(stdout) as readonly Finding[]).find(({ about }) => about === "supervisor");
  expect(found).toMatchObject({ level: "problem", mend: null });
  expect(found?.found).toEndWith(
    'permission denied; its user and root may, and the group of "[control]" in daemonsup.toml',
  );
});

test("doctor looks at the directories of the supervisor that runs, or at those that are named", async () => {
  await using supervisor = await TestSupervisor.start({ "good.toml": program(["sleep", "1000"]) });
  const { place } = supervisor;
  const foundIn = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await supervisor.command("doctor", "--json", ...words);
    const findings = JSON.parse(stdout) as readonly Finding[];
    return findings.filter(({ about }) => about.endsWith(" directory")).map(({ found }) => found);
  };
  expect(await foundIn()).toEqual([place.runtime, place.path("state"), place.path("log")]);
  const other = place.path("services.d");
  expect(await foundIn("--state-dir", other)).toEqual([place.runtime, other, place.path("log")]);
  expect(await foundIn("--log-dir", other)).toEqual([place.runtime, place.path("state"), other]);
});

test("doctor with an empty directory is told how it is used", async () => {
  using place = new TestPlace({});
  const words = [BINARY, "doctor", "--runtime-dir", place.runtime, "--state-dir", ""];
  const { code, stderr } = await run(words);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('cannot read "--state-dir": want the path of a directory'),
  ]);
});

test("doctor needs no supervisor", async () => {
  using place = new TestPlace({});
  const { stdout } = await run([BINARY, "doctor", "--json"], { DAEMONSUP_RUNTIME_DIR: place.runtime });
  expect(levelOf(stdout, "supervisor")).toBe("note");
  expect(levelOf(stdout, "kernel")).toBe("ok");
});
