/* A service is down when nothing of it is left; and nothing else is touched. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { program, shell } from "./definitions.ts";
import { catches, executes, processesOf, variableOf } from "./proc.ts";
import { environmentOf } from "./process-facts.ts";
import { TestPlace, type TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

/** An argument of sleep that no other test uses. */
const NAMELESS = `1000.${crypto.getRandomValues(new Uint32Array(1))[0]}`;
const SOON = '[stop]\ntimeout = "200ms"\n';
/** A child that ends only by SIGKILL. */
const STUBBORN = "sh -c \"trap '' TERM; exec sleep 1000\"";

/** Services that leave something behind when their main process obeys SIGTERM, and how many processes each has. */
const LEAVING: Readonly<Record<string, { readonly script: string; readonly processes: number }>> = {
  "a child in its group": { script: `${STUBBORN} & exec sleep 1000`, processes: 2 },
  "a child in a session of its own": { script: `setsid ${STUBBORN} & exec sleep 1000`, processes: 2 },
  "a child that has forked twice": { script: `(setsid ${STUBBORN} &) ; exec sleep 1000`, processes: 2 },
  "a whole family": {
    script: `for i in 1 2 3; do (setsid sh -c 'sleep 1000 & (setsid sleep 1000 &); trap "" TERM; exec sleep 1000' &); done; exec sleep 1000`,
    processes: 10,
  },
  "a child that has left its group, but not its session": {
    script: `perl -e 'setpgrp(0, 0); $SIG{TERM} = "IGNORE"; sleep 1000' & exec sleep 1000`,
    processes: 2,
  },
};

const chain = compileProgram("fork-chain");
const hasPerl = Bun.which("perl") !== null;
const cases = Object.entries(LEAVING)
  .map(([what, { script, processes }], index) => ({ what, script, processes, service: `leaving-${index}` }))
  .filter(({ script }) => hasPerl || !script.startsWith("perl"));

let supervisor: TestSupervisor;

beforeAll(async () => {
  const place = new TestPlace({});
  for (const { service, script } of cases) place.write(`${service}.toml`, shell(script, SOON));
  place.write("dying.toml", shell(`(setsid ${STUBBORN} &) ; exec sleep 1000`, `${SOON}[restart]\ndelay = "0ms"`));
  place.write("copied.toml", program(["sleep", "1000"], SOON));
  const noting = `trap 'touch ${place.path("asked")}' TERM; while :; do sleep 1000 & wait; done`;
  place.write("mixed.toml", shell(`sh -c "${noting}" & exec sleep 1000`, `${SOON}scope = "mixed"`));
  place.write("main.toml", shell("setsid sleep 1000 & sleep 1000 & exec sleep 1000", `${SOON}scope = "main"`));
  place.write("chain.toml", shell(`setsid ${chain} & exec sleep 1000`, `start = "manual"\n${SOON}`));
  place.write(
    "nameless.toml",
    shell(`(env -i setsid sleep ${NAMELESS} &) ; exec sleep 1000`, `start = "manual"\n${SOON}`),
  );
  supervisor = await place.start();
});

afterAll(async () => {
  await supervisor?.[Symbol.asyncDispose]();
});

/** Everything that runs for the service, as its environment says. */
function processesOfService(service: string): readonly number[] {
  return supervisor.place.marked().filter((pid) => variableOf(pid, "DAEMONSUP_SERVICE") === service);
}

async function settled(service: string, count: number): Promise<number> {
  const { pid } = await supervisor.until(service, (view) => view.state === "up");
  const isThere = (): boolean => {
    const pids = processesOfService(service);
    return pids.length === count && pids.every((one) => executes(one, "sleep") || executes(one, "perl"));
  };
  await untilTrue(isThere);
  return pid ?? 0;
}

for (const { what, service, processes } of cases) {
  test(`${what} is ended before the service is down`, async () => {
    await settled(service, processes);
    const left = processesOfService(service);
    expect((await supervisor.command("stop", service)).code).toBe(0);
    expect(left.filter((pid) => !hasEnded(pid))).toEqual([]);
    expect(await supervisor.service(service)).toMatchObject({ state: "down", last_exit: { signal: "SIGTERM" } });
    expect(processesOfService(service)).toEqual([]);
  });
}

test("what a service leaves when it dies by itself is ended before it is started again", async () => {
  const pid = await settled("dying", 2);
  const left = processesOfService("dying");
  signalProcess(pid, "SIGKILL");
  await supervisor.until("dying", (view) => view.state === "up" && view.restarts === 1);
  expect(left.filter((one) => !hasEnded(one))).toEqual([]);
});

test("a foreign process with the environment of a service is not touched", async () => {
  const pid = await settled("copied", 1);
  const env = Object.fromEntries(environmentOf(pid));
  const copy = Bun.spawn(["sleep", "1000"], { env });
  const hidden = Bun.spawn(["setsid", "sleep", "1000"], { env });
  try {
    expect((await supervisor.command("stop", "copied")).code).toBe(0);
    expect([copy.killed, hidden.killed, hasEnded(copy.pid), hasEnded(hidden.pid)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect((await supervisor.command("restart", "copied")).code).toBe(0);
    expect((await supervisor.command("stop", "copied")).code).toBe(0);
    expect([hasEnded(copy.pid), hasEnded(hidden.pid)]).toEqual([false, false]);
  } finally {
    copy.kill("SIGKILL");
    hidden.kill("SIGKILL");
    await Promise.all([copy.exited, hidden.exited]);
  }
});

test('scope "mixed" asks the main process alone, and kills the rest once that has ended', async () => {
  await supervisor.until("mixed", (view) => view.state === "up");
  const [child, asked] = [
    (): number => processesOfService("mixed").find((pid) => catches(pid, "SIGTERM")) ?? 0,
    supervisor.place.path("asked"),
  ];
  await untilTrue(() => child() !== 0);
  const pid = child();
  expect((await supervisor.command("stop", "mixed")).code).toBe(0);
  expect(await supervisor.service("mixed")).toMatchObject({ state: "down", last_exit: { signal: "SIGTERM" } });
  expect(hasEnded(pid)).toBe(true);
  expect(existsSync(asked)).toBe(false);
});

test('scope "main" ends the main process alone, and the rest does not hinder the next start', async () => {
  const pid = await settled("main", 3);
  const others = processesOfService("main").filter((one) => one !== pid);
  expect((await supervisor.command("stop", "main")).code).toBe(0);
  expect(await supervisor.service("main")).toMatchObject({ state: "down", pid: null });
  expect(others.map(hasEnded)).toEqual([false, false]);
  expect((await supervisor.command("start", "main")).code).toBe(0);
  expect((await supervisor.command("stop", "main")).code).toBe(0);
  expect(others.map(hasEnded)).toEqual([false, false]);
});

test.skipIf(chain === null)("what lives on by forking again and again is ended as well", async () => {
  expect((await supervisor.command("start", "chain")).code).toBe(0);
  const { pid } = await supervisor.service("chain");
  await untilTrue(() => executes(pid ?? 0, "sleep"));
  expect((await supervisor.command("stop", "chain")).code).toBe(0);
  const looks = Array.from({ length: 20 }, () => processesOfService("chain").length);
  expect(Math.max(...looks)).toBe(0);
});

test("a process of which nobody can say out of which service it came is left running and named", async () => {
  expect((await supervisor.command("start", "nameless")).code).toBe(0);
  const { pid } = await supervisor.service("nameless");
  await untilTrue(() => executes(pid ?? 0, "sleep") && processesOf("sleep", NAMELESS).length > 0);
  expect((await supervisor.command("stop", "nameless")).code).toBe(0);
  const [left] = processesOf("sleep", NAMELESS);
  // The supervisor may have seen it before its parent died, and then it knows.
  if (left === undefined) return;
  try {
    expect(environmentOf(left).size).toBe(0);
    expect(await supervisor.event((event) => event.event === "left" && event.pid === left)).toMatchObject({
      service: null,
    });
  } finally {
    signalProcess(left, "SIGKILL");
  }
});
