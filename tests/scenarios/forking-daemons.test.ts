/* The classic programs that make daemons of themselves, adopted by their pid files. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { program } from "./definitions.ts";
import { factsOf } from "./process-facts.ts";
import { TestPlace, type TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const KINDS = ["time", "signals", "syslog"] as const;
type Kind = (typeof KINDS)[number];

const programs = KINDS.map((kind) => compileProgram(`classic-daemon-${kind}`));
/** What those that catch SIGTERM exit with then. */
const STATUS = 7;

let supervisor: TestSupervisor;

beforeAll(async () => {
  const place = new TestPlace({});
  for (const [index, kind] of KINDS.entries()) {
    const words = [programs[index] ?? "", place.path(`${kind}.pid`), place.path(`${kind}.out`), String(STATUS)];
    place.write(
      `${kind}.toml`,
      program(words, `type = "forking"\npid_file = "${place.path(`${kind}.pid`)}"\n[restart]\ndelay = "0ms"`),
    );
  }
  supervisor = await place.start();
});

afterAll(async () => {
  await supervisor?.[Symbol.asyncDispose]();
});

function outputOf(kind: Kind): string {
  const path = supervisor.place.path(`${kind}.out`);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

async function mainOf(kind: Kind): Promise<number> {
  return (await supervisor.until(kind, (view) => view.state === "up")).pid ?? 0;
}

describe.skipIf(programs.includes(null))("a classic daemon", () => {
  for (const kind of KINDS) {
    test(`of ${kind} is adopted as the main process of its service`, async () => {
      const pid = await mainOf(kind);
      expect(supervisor.place.read(`${kind}.pid`)).toBe(`${pid}\n`);
      expect(factsOf(pid).parent).toBe(supervisor.supervisorPid);
      expect(await supervisor.service(kind)).toMatchObject({ ready: true, restarts: 0 });
      await untilTrue(() => outputOf(kind) !== "");
    });

    test(`of ${kind} that was killed is known to have been, and is started again`, async () => {
      const pid = await mainOf(kind);
      signalProcess(pid, "SIGKILL");
      const view = await supervisor.until(kind, ({ state, restarts }) => state === "up" && restarts === 1);
      expect(view.pid).not.toBe(pid);
      expect(view.last_exit).toMatchObject({ code: null, signal: "SIGKILL" });
    });
  }

  test("is passed SIGHUP if it catches it, and goes on", async () => {
    const pid = await mainOf("signals");
    await untilTrue(() => outputOf("signals").endsWith("ready\n"));
    expect((await supervisor.command("reload", "signals")).code).toBe(0);
    await untilTrue(() => outputOf("signals").endsWith("HUP\n"));
    expect(await mainOf("signals")).toBe(pid);
    const refused = await supervisor.command("reload", "time");
    expect(refused.code).toBe(1);
    expect(hasEnded(await mainOf("time"))).toBe(false);
  });

  test("gets SIGTERM when it is to stop, and its exit status is known", async () => {
    for (const kind of KINDS) {
      await mainOf(kind);
      expect((await supervisor.command("stop", kind)).code).toBe(0);
    }
    expect(outputOf("signals")).toEndWith("TERM\n");
    expect(outputOf("syslog")).toEndWith("stopped\n");
    expect(await supervisor.service("signals")).toMatchObject({ state: "down", last_exit: { code: STATUS } });
    expect(await supervisor.service("syslog")).toMatchObject({ state: "down", last_exit: { code: STATUS } });
    expect(await supervisor.service("time")).toMatchObject({ state: "down", last_exit: { signal: "SIGTERM" } });
    expect(supervisor.place.marked()).toEqual([]);
  });
});
