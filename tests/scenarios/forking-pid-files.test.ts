/* A pid file is believed only for a process that is the service's own. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { type Clocked, cannotMoveClocks, startWithClock } from "./movable-clock.ts";
import { hasEnded, TestPlace, type TestSupervisor } from "./test-supervisor.ts";

/** Makes a daemon of this script, leaves, and is not started again. */
function daemon(place: TestPlace, name: string, script: string): string {
  const pidFile = place.path(`${name}.pid`);
  const more = `type = "forking"\npid_file = "${pidFile}"\n[restart]\npolicy = "never"\n[environment]\nPID_FILE = "${pidFile}"`;
  return shell(`setsid sh -c '${script}' & exit 0`, more);
}

const NAMES_ITSELF = 'echo $$ > "$PID_FILE"; exec sleep 1000';

describe("a pid file", () => {
  let supervisor: TestSupervisor;
  let foreign: Bun.Subprocess;

  beforeAll(async () => {
    foreign = Bun.spawn(["sleep", "1000"]);
    const place = new TestPlace({});
    const once = (name: string): string => `while [ ! -e "${place.path(name)}" ]; do sleep 0.01; done`;
    const scripts = {
      "stale-dead": `${once("go")}; ${NAMES_ITSELF}`,
      "stale-foreign": `${once("go")}; ${NAMES_ITSELF}`,
      late: `${once("late-go")}; ${NAMES_ITSELF}`,
      vanishing: once("go"),
      unterminated: 'printf %s $$ > "$PID_FILE"; exec sleep 1000',
    };
    for (const [name, script] of Object.entries(scripts)) place.write(`${name}.toml`, daemon(place, name, script));
    const forking = (name: string): string =>
      `type = "forking"\npid_file = "${place.path(`${name}.pid`)}"\n[restart]\npolicy = "never"`;
    place.write("failing.toml", shell("setsid sleep 1000 & exit 3", forking("failing")));
    place.write("empty.toml", program(["true"], forking("empty")));
    writeFileSync(place.path("stale-dead.pid"), `${await numberOfTheDead()}\n`);
    writeFileSync(place.path("stale-foreign.pid"), `${foreign.pid}\n`);
    supervisor = await place.start();
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
    foreign.kill("SIGKILL");
    await foreign.exited;
  });

  async function numberOfTheDead(): Promise<number> {
    const child = Bun.spawn(["true"]);
    await child.exited;
    return child.pid;
  }

  test("that is stale is ignored until the service has written its own", async () => {
    for (const name of ["stale-dead", "stale-foreign"])
      await supervisor.until(name, (view) => view.state === "starting" && view.pid === null);
    writeFileSync(supervisor.place.path("go"), "");
    for (const name of ["stale-dead", "stale-foreign"]) {
      const { pid } = await supervisor.until(name, (view) => view.state === "up");
      expect(supervisor.place.read(`${name}.pid`)).toBe(`${pid}\n`);
      expect((await supervisor.command("stop", name)).code).toBe(0);
    }
    expect(hasEnded(foreign.pid)).toBe(false);
  });

  test("that comes late is waited for", async () => {
    const waiting = await supervisor.until("late", (view) => view.state === "starting" && view.pid === null);
    expect(waiting.message).toContain("late.pid");
    expect(existsSync(supervisor.place.path("late.pid"))).toBe(false);
    writeFileSync(supervisor.place.path("late-go"), "");
    await supervisor.until("late", (view) => view.state === "up" && view.pid !== null);
  });

  test("that never comes, because everything of the service has ended, fails the start", async () => {
    const view = await supervisor.until("vanishing", ({ state }) => state === "failed");
    expect(view.message).toContain("before the pid file named one");
  });

  test("without a newline is read as well", async () => {
    const { pid } = await supervisor.until("unterminated", (view) => view.state === "up");
    expect(supervisor.place.read("unterminated.pid")).toBe(String(pid));
  });

  test("is not waited for if the starter fails, and what that has left is ended", async () => {
    const view = await supervisor.until("failing", ({ state }) => state === "failed");
    expect(view).toMatchObject({ message: "exited 3", last_exit: { code: 3 } });
    const up = (await supervisor.services()).filter(({ state }) => state === "up");
    await supervisor.place.untilMarked(...up.map(({ pid }) => pid));
  });

  test("is not waited for if the starter leaves nothing", async () => {
    const view = await supervisor.until("empty", ({ state }) => state === "failed");
    expect(view.message).toContain("left nothing running");
  });
});

describe.skipIf(cannotMoveClocks !== null)("a pid file is not believed", () => {
  const NAMED: Readonly<Record<string, string>> = {
    "pid 1": "1",
    "a process of somebody else": "$FOREIGN",
    "the main process of another service": '$(cat "$OTHER")',
    "the supervisor": '$(cat "$SUPERVISOR")',
    "a process of its own whose end nobody would tell": "$!",
    garbage: "garbage",
    "a negative number": "-1",
    "a number that means everybody": "0",
    "a number with words around it": "pid $$ of the daemon",
    nothing: "",
  };
  const cases = Object.entries(NAMED).map(([what, text], index) => ({ what, text, service: `named-${index}` }));
  let clocked: Clocked;
  let foreign: Bun.Subprocess;

  beforeAll(async () => {
    foreign = Bun.spawn(["sleep", "1000"]);
    const place = new TestPlace({});
    const variables = `FOREIGN=${foreign.pid}; OTHER="${place.path("other")}"; SUPERVISOR="${place.runtime}/supervisor.pid"`;
    for (const { service, text } of cases) {
      const script = `${variables}; until [ -s "$OTHER" ]; do sleep 0.01; done; sleep 1000 & echo "${text}" > "$PID_FILE"; wait`;
      place.write(`${service}.toml`, daemon(place, service, script));
    }
    place.write("other.toml", shell(`echo $$ > "${place.path("other")}"; exec sleep 1000`));
    clocked = await startWithClock(place);
    for (const { service } of cases)
      await clocked.supervisor.until(service, ({ state, pid }) => state === "starting" && pid === null);
  });

  afterAll(async () => {
    await clocked?.[Symbol.asyncDispose]();
    foreign.kill("SIGKILL");
    await foreign.exited;
  });

  test("whatever it says, but waited for a minute", async () => {
    const { supervisor, clock } = clocked;
    const other = await supervisor.until("other", ({ state }) => state === "up");
    while (!cases.every(({ service }) => existsSync(supervisor.place.path(`${service}.pid`)))) await Bun.sleep(5);
    await clock.advance(30);
    for (const { service } of cases)
      expect(await supervisor.service(service)).toMatchObject({ state: "starting", pid: null });
    await clock.advance(31);
    for (const { service } of cases) await supervisor.until(service, ({ state }) => state === "failed");
    expect(await supervisor.service("other")).toMatchObject({ pid: other.pid, restarts: 0 });
    expect(hasEnded(foreign.pid)).toBe(false);
    expect(supervisor.place.marked()).toEqual([other.pid ?? 0]);
  });

  for (const { what, service } of cases) {
    test(`if it names ${what}`, async () => {
      const view = await clocked.supervisor.service(service);
      expect(view.message).toContain("the pid file named no live process of this service");
      expect(view.last_exit).toBeNull();
    });
  }
});
