import { expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { noTerminal, Terminal } from "./terminal.ts";
import { BINARY, run, signalProcess, TestSupervisor } from "./test-supervisor.ts";

const skip = noTerminal("top") !== null;

async function supervisorWithServices(): Promise<TestSupervisor> {
  return await TestSupervisor.start({
    "api.toml": shell("echo hello from api; exec sleep 1000"),
    "db.toml": program(["sleep", "1000"]),
    "off.toml": `${program(["sleep", "1000"])}start = "manual"\n`,
  });
}

/** A terminal in which top runs, and the settings of the terminal from before. */
async function openTop(supervisor: TestSupervisor, columns = 100): Promise<Terminal> {
  const env = { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime };
  const terminal = await Terminal.open({ columns, rows: 24, env });
  await terminal.type(`stty -g > ${supervisor.place.path("before")}; echo HISTORY; ${BINARY} top`);
  await terminal.until((screen) => screen.includes("daemonsup  3 services") && screen.includes("q quit"));
  return terminal;
}

/** Waits for the shell, and sees that the terminal is what it was. */
async function expectGivenBack(terminal: Terminal, supervisor: TestSupervisor): Promise<void> {
  // What is typed before the shell reads again would be a key for top.
  await terminal.until((screen) => !screen.includes("q quit") && /[$#]$/.test(screen));
  await terminal.type(`stty -g > ${supervisor.place.path("after")}; echo BACK`);
  const screen = await terminal.until((text) => /^BACK$/m.test(text));
  expect(screen).toContain("HISTORY");
  expect(screen).not.toContain("q quit");
  expect(supervisor.place.read("after")).toBe(supervisor.place.read("before"));
  expect(await terminal.isCursorShown()).toBe(true);
}

test.skipIf(skip)("top starts, stops and shows services by keys, and gives the terminal back", async () => {
  await using supervisor = await supervisorWithServices();
  await using terminal = await openTop(supervisor);
  expect(await terminal.isCursorShown()).toBe(false);
  // The filter selects what it leaves.
  for (const key of ["/", "o", "f", "f", "Enter", "s"]) await terminal.key(key);
  await supervisor.until("off", ({ state }) => state === "up");
  await terminal.until((screen) => screen.includes("off: started") && /^off +up /m.test(screen));
  await terminal.key("x");
  await terminal.until((screen) => screen.includes("stop off? (y/n)"));
  await terminal.key("y");
  await supervisor.until("off", ({ state }) => state === "down");
  await terminal.until((screen) => screen.includes("off: stopped"));
  await terminal.key("Escape");
  await terminal.until((screen) => screen.includes("api"));
  for (const key of ["/", "a", "p", "i", "Enter", "l"]) await terminal.key(key);
  await terminal.until((screen) => screen.includes("api: output") && screen.includes("hello from api"));
  await terminal.key("q");
  await terminal.key("Enter");
  await terminal.until((screen) => screen.includes("api: everything about it") && screen.includes("hello from api"));
  await terminal.key("q");
  await terminal.key("q");
  await expectGivenBack(terminal, supervisor);
});

test.skipIf(skip)("top fits the terminal whatever its size becomes", async () => {
  await using supervisor = await supervisorWithServices();
  await using terminal = await openTop(supervisor);
  await terminal.resize(40, 10);
  // The last line, too long for it, is cut once the screen has been drawn anew.
  await terminal.until(
    (screen) => screen.split("\n").length === 10 && screen.endsWith("…") && /^api +up/m.test(screen),
  );
  await terminal.resize(160, 30);
  await terminal.until((screen) => screen.split("\n").length === 30 && screen.includes("RESTARTS"));
  await terminal.key("C-c");
  await expectGivenBack(terminal, supervisor);
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
  test.skipIf(skip)(`top that ends of ${signal} gives the terminal back`, async () => {
    await using supervisor = await supervisorWithServices();
    await using terminal = await openTop(supervisor);
    signalProcess(topOf(supervisor), signal);
    await expectGivenBack(terminal, supervisor);
  });
}

test.skipIf(skip)("top lets itself be suspended, and shows itself again", async () => {
  await using supervisor = await supervisorWithServices();
  await using terminal = await openTop(supervisor);
  await terminal.key("C-z");
  await expectGivenBack(terminal, supervisor);
  await terminal.type("fg");
  await terminal.until((screen) => screen.includes("q quit"));
  await terminal.key("q");
  await terminal.until((screen) => !screen.includes("q quit") && /[$#]$/.test(screen));
  await terminal.type("echo AGAIN");
  await terminal.until((screen) => /^AGAIN$/m.test(screen));
});

test("top says why there is nothing to see without a terminal", async () => {
  const { code, stderr } = await run([BINARY, "top"]);
  expect([code, stderr]).toEqual([1, 'cannot run "top": this is no terminal; daemonsup status shows the same\n']);
});

/** The process of the top that looks at this supervisor. */
function topOf(supervisor: TestSupervisor): number {
  const wanted = `DAEMONSUP_RUNTIME_DIR=${supervisor.place.runtime}`;
  const found = readdirSync("/proc").find((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const isTop = readFileSync(`/proc/${entry}/cmdline`, "utf8").endsWith("\0top\0");
      return isTop && readFileSync(`/proc/${entry}/environ`, "utf8").split("\0").includes(wanted);
    } catch {
      return false;
    }
  });
  return Number(found);
}
