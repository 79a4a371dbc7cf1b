import { afterAll, beforeAll, expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { Terminal, noTerminal } from "./terminal.ts";
import { BINARY, TestSupervisor } from "./test-supervisor.ts";

const skip = noTerminal("commands at a terminal") !== null;

let supervisor: TestSupervisor;

function open(columns: number, rows = 24, env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  return Terminal.open({ columns, rows, env: { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime, ...env } });
}

beforeAll(async () => {
  supervisor = await TestSupervisor.start({
    "up.toml": program(["sleep", "1000"], 'description = "Sleeps soundly"'),
    "failed.toml": shell("echo no such table; exit 3", '[restart]\npolicy = "never"'),
    "family.toml": shell("sleep 1000 & echo ready; wait"),
    "stubborn.toml": shell('trap "" TERM; echo ready; exec sleep 1000', '[stop]\ntimeout = "1h"'),
  });
  await supervisor.until("failed", (view) => view.state === "failed");
  for (const name of ["family", "stubborn"]) await supervisor.line(name, (text) => text === "ready");
});

afterAll(async () => {
  await supervisor[Symbol.asyncDispose]();
});

for (const columns of [40, 80, 200]) {
  test.skipIf(skip)(`status fits ${columns} columns and says what to type next`, async () => {
    await using terminal = await open(columns);
    await terminal.type(`clear; ${BINARY} status; echo END`);
    const screen = await terminal.until((text) => /^END$/m.test(text));
    expect(screen).toMatch(/^NAME +STATE +SINCE/m);
    expect(screen).toMatch(/^failed +failed +/m);
    expect(screen.replaceAll(/\n +/g, " ")).toContain("try daemonsup logs failed");
    // Nothing was so long that the terminal broke it.
    expect(screen.match(/^\w+ +(?:up|failed) /gm)?.length).toBe(4);
  });
}

test.skipIf(skip)("status of one service fits the screen, with lines only where they can be shown", async () => {
  for (const [lang, corner] of [
    ["C.UTF-8", "└─"],
    ["C", "`-"],
  ] as const) {
    await using terminal = await open(80, 24, { LANG: lang });
    await terminal.type(`clear; ${BINARY} status family; echo END`);
    const screen = await terminal.until((text) => /^END$/m.test(text));
    expect(screen).toMatch(/^family$/m);
    expect(screen).toContain(`${corner} `);
    expect(screen).toContain(" sleep ");
    expect(screen).toMatch(/^ +\d\d:\d\d:\d\dZ ready$/m);
  }
});

test.skipIf(skip)("--watch draws in the same place, follows the size, and leaves the terminal as it was", async () => {
  await using terminal = await open(120);
  await terminal.type(`clear; echo before; ${BINARY} status --watch; echo "after $?"`);
  await terminal.until((text) => /^up +up /m.test(text));
  await supervisor.command("stop", "up");
  const stopped = await terminal.until((text) => /^up +down /m.test(text));
  expect(stopped.match(/^NAME /gm)?.length).toBe(1);
  expect(stopped).toStartWith("before\n");
  await terminal.resize(50, 24);
  await terminal.until((text) => /^NAME +STATE +SINCE(?!.*LAST EXIT)/m.test(text) && /^up +down/m.test(text));
  await terminal.key("C-c");
  const after = await terminal.until((text) => /^after /m.test(text));
  expect(after).toContain("after 0");
  expect(after).not.toContain("^C");
  expect(await terminal.isCursorShown()).toBe(true);
  await supervisor.command("start", "up");
});
