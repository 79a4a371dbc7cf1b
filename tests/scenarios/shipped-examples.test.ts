import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BINARY, TestPlace, TestSupervisor, run } from "./test-supervisor.ts";

const EXAMPLES = join(import.meta.dir, "../../services.d");

/** The files as they are shipped, but for the port: another test, or a person, may be using it. */
function shipped(): Record<string, string> {
  const files = readdirSync(EXAMPLES).map((name) => [name, readFileSync(join(EXAMPLES, name), "utf8")] as const);
  return Object.fromEntries(files.map(([name, text]) => [name, text.replace('PORT = "8017"', 'PORT = "0"')]));
}

/** What the web server answers, at the address that it printed. */
async function ask(supervisor: TestSupervisor): Promise<string> {
  const line = await supervisor.line("web", (text) => text.startsWith("listening on "));
  return await (await fetch(line.slice("listening on ".length))).text();
}

describe("the shipped examples", () => {
  test("have no problems", async () => {
    using place = new TestPlace(shipped());
    const { code, stderr } = await run([BINARY, "check", place.config]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("are up or done soon after the start", async () => {
    await using supervisor = await TestSupervisor.start(shipped());
    for (const name of ["clock", "web", "worker"]) await supervisor.until(name, (view) => view.state === "up");
    const prepared = await supervisor.until("prepare", (view) => view.state === "done");
    expect(prepared.last_exit).toMatchObject({ code: 0, signal: null });
    await supervisor.line("prepare", (text) => text.startsWith("prepared on "));
    await supervisor.line("worker", (text) => text === "found the prime 1000003");
    expect(await ask(supervisor)).toBe("Hello from a service.\n");
  });

  test("leave nothing behind when everything is stopped, and say that they finished", async () => {
    await using supervisor = await TestSupervisor.start(shipped());
    await supervisor.line("worker", (text) => text.startsWith("found"));
    await supervisor.line("web", (text) => text.startsWith("listening on "));
    expect((await supervisor.command("shutdown")).code).toBe(0);
    await supervisor.gone();
    expect(supervisor.place.marked()).toEqual([]);
    expect(supervisor.place.read("log", "worker.log")).toContain("stopped after the job at hand");
    expect(supervisor.place.read("log", "web.log")).toContain("finishing what is being answered");
  });

  test("write nothing but the time to the log of the clock", async () => {
    await using supervisor = await TestSupervisor.start(shipped());
    await supervisor.lines("clock", (texts) => texts.length >= 2);
    await supervisor.command("shutdown");
    const lines = supervisor.place.read("log", "clock.log").trimEnd().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("read the greeting again on SIGHUP, in the same process", async () => {
    await using supervisor = await TestSupervisor.start(shipped());
    expect(await ask(supervisor)).toBe("Hello from a service.\n");
    const before = await supervisor.service("web");
    supervisor.place.write("greeting.txt", "Good evening.\n");
    supervisor.kill("SIGHUP");
    await supervisor.line("web", (text) => text === 'the greeting is now "Good evening."');
    expect(await ask(supervisor)).toBe("Good evening.\n");
    expect((await supervisor.service("web")).pid).toBe(before.pid);
  });
});
