/* Many clients at once: whatever they ask for, there is one instance in the end or none, and never two in between. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { onlyInstance, shell } from "./definitions.ts";
import { executes, ignores } from "./proc.ts";
import { TestPlace, untilTrue } from "./test-supervisor.ts";

const VERBS = ["start", "stop", "restart", "kill", "start", "restart", "stop"] as const;
const CLIENTS = 12;
const ROUNDS = 8;

test("requests of many clients for one service end in exactly one instance or none", async () => {
  const place = new TestPlace({});
  const violations = place.path("violations");
  place.write(
    "one.toml",
    onlyInstance({ lock: place.path("lock"), violations }, "exec sleep 1000", '[restart]\ndelay = "0ms"'),
  );
  await using supervisor = await place.start();

  const ask = async (verb: (typeof VERBS)[number], wait: boolean): Promise<unknown> => {
    const words = verb === "kill" ? { signal: "SIGKILL" } : { wait };
    const response = await supervisor.request("POST", `/v1/services/one/${verb === "kill" ? "signal" : verb}`, words);
    return await response.json();
  };
  let chance = 7;
  for (let round = 0; round < ROUNDS; round++) {
    const asked = Array.from({ length: CLIENTS }, () => {
      chance = (chance * 1103515245 + 12345) % 2 ** 31;
      return ask(VERBS[(chance >> 8) % VERBS.length] ?? "start", (chance >> 4) % 2 === 0);
    });
    await Promise.all(asked);
    const last = round % 2 === 0 ? "start" : "stop";
    expect(await ask(last, true)).toMatchObject({ result: "done" });
    const view = await supervisor.service("one");
    expect(view.state).toBe(last === "start" ? "up" : "down");
    // It is up before the shell, which takes the lock first, has become what it is to run.
    const { pid } = view;
    if (pid !== null) await untilTrue(() => executes(pid, "sleep"));
    await place.untilMarked(pid);
  }
  expect(existsSync(violations)).toBe(false);
});

test("a request that is overtaken by another ends at once and says so", async () => {
  const stubborn = "trap '' TERM; exec sleep 1000";
  const place = new TestPlace({});
  place.write("slow.toml", shell(stubborn, '[stop]\ntimeout = "1h"'));
  await using supervisor = await place.start();
  const { pid } = await supervisor.until("slow", (view) => view.state === "up");
  await untilTrue(() => ignores(pid ?? 0, "SIGTERM"));
  const stopping = supervisor.command("stop", "slow");
  await supervisor.until("slow", (view) => view.state === "stopping");
  const starting = supervisor.command("start", "slow");
  const overtaken = await stopping;
  expect(overtaken.code).toBe(1);
  expect(overtaken.stderr).toContain("overtaken by start");
  await supervisor.request("POST", "/v1/services/slow/signal", { signal: "SIGKILL" });
  expect((await starting).code).toBe(0);
  await supervisor.request("POST", "/v1/services/slow/signal", { signal: "SIGKILL" });
});

test("what was stopped by hand is not started again, however it ends and whatever its policy is", async () => {
  const place = new TestPlace({});
  const again = '[restart]\npolicy = "always"\ndelay = "0ms"';
  const services: Readonly<Record<string, string>> = {
    exits: shell("trap 'exit 3' TERM; echo run; while :; do sleep 0.01; done", again),
    dies: shell("trap 'kill -SEGV $$' TERM; ulimit -c 0; echo run; while :; do sleep 0.01; done", again),
    refuses: shell("trap '' TERM; echo run; exec sleep 1000", `${again}\n[stop]\ntimeout = "100ms"`),
    crashes: shell("echo run; exit 4", again.replace("0ms", "300ms")),
  };
  const names = Object.keys(services);
  for (const [name, text] of Object.entries(services)) place.write(`${name}.toml`, text);
  place.write("pause.toml", shell("sleep 0.7", 'type = "oneshot"\nstart = "manual"'));
  await using supervisor = await place.start();
  for (const name of names) await supervisor.line(name, (text) => text === "run");
  await supervisor.until("crashes", ({ state }) => state === "backoff");
  expect((await supervisor.command("stop", ...names)).code).toBe(0);
  const runs = async () =>
    await Promise.all(
      names.map(async (name) => await (await supervisor.request("GET", `/v1/services/${name}/logs`)).text()),
    );
  const before = await runs();
  // Whoever were to be started again would have been by the end of this.
  expect((await supervisor.command("start", "pause")).code).toBe(0);
  expect(await runs()).toEqual(before);
  for (const name of names)
    expect(await supervisor.service(name)).toMatchObject({ state: "down", want: "down", next_start: null });
  expect((await supervisor.service("exits")).last_exit).toMatchObject({ code: 3 });
  await place.untilMarked();
});
