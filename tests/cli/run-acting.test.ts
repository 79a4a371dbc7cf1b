import { expect, test } from "bun:test";
import type { Outcome, ScaleOutcome } from "../../src/control/control-port.ts";
import { literalPort, viewOf } from "../control/literal-port.ts";
import { runAgainst } from "./running.ts";

const DOWN = viewOf("off", { state: "down", want: "down", pid: null });

test("an unknown name is told with the nearest, and the others are still acted on", async () => {
  const port = literalPort([viewOf("web"), viewOf("worker")]);
  const ran = await runAgainst(port, "restart wroker web nope");
  expect(ran.exit).toBe(5);
  expect(ran.out).toBe("web: restarted (pid 1234)\n");
  expect(ran.err.trim().split("\n").toSorted()).toEqual([
    'cannot restart "nope": no such service',
    'cannot restart "wroker": no such service (did you mean "worker"?)',
  ]);
  expect(port.asked).toEqual(["restart web"]);
});

test("names that would mean another path are unknown like any other", async () => {
  const port = literalPort([viewOf("web")]);
  expect(await runAgainst(port, "stop ..")).toEqual({ exit: 5, out: "", err: 'cannot stop "..": no such service\n' });
  expect(await runAgainst(port, "logs .")).toEqual({ exit: 5, out: "", err: 'cannot show ".": no such service\n' });
  expect(port.asked).toEqual([]);
});

test("globs are acted on together, names that cannot be are unknown", async () => {
  const port = literalPort([viewOf("web-1"), viewOf("web-2"), viewOf("db")]);
  expect(await runAgainst(port, "stop web-* .. --json")).toMatchObject({
    exit: 5,
    err: 'cannot stop "..": no such service\n',
  });
  expect(port.asked.toSorted()).toEqual(["stop web-1", "stop web-2"]);
});

/** As it is right after a start: since the very moment that the world calls now. */
const JUST_STARTED = viewOf("web", { since: "2026-01-02T03:07:17.000Z" });

const results: readonly (readonly [Outcome, number])[] = [
  [{ tag: "done", message: null }, 0],
  [{ tag: "failed", message: "exited 1" }, 1],
  [{ tag: "overtaken", message: "overtaken by stop" }, 1],
  [{ tag: "timed-out", message: "still starting after 5s" }, 124],
];

test("what is as it is asked to be already is not said to have been started or stopped", async () => {
  const done: Outcome = { tag: "done", message: null };
  const port = literalPort([viewOf("web"), DOWN], { ask: () => Promise.resolve(done) });
  expect((await runAgainst(port, "start web")).out).toBe("web: up already (pid 1234)\n");
  expect((await runAgainst(port, "stop off")).out).toBe("off: down already\n");
});

test.each(results)("what comes of a start is the status of the command: %j", async (outcome, exit) => {
  const port = literalPort([JUST_STARTED], { ask: () => Promise.resolve(outcome) });
  const ran = await runAgainst(port, "start web --timeout 5s");
  expect(ran.exit).toBe(exit);
  if (outcome.tag === "done") expect(ran.out).toBe("web: started (pid 1234)\n");
  else expect(ran.err).toBe(`cannot start "web": ${outcome.message}\n`);
  expect(JSON.parse((await runAgainst(port, "start web --json")).out)).toEqual([
    { name: "web", result: outcome.tag, message: outcome.message, service: JUST_STARTED },
  ]);
});

test("--no-wait and --timeout reach the supervisor, each request with an identity of its own", async () => {
  const seen: unknown[] = [];
  const identities = new Set<string | null>();
  const port = literalPort([viewOf("web")], {
    ask(_name, verb, options) {
      seen.push([verb, options]);
      identities.add(options.request ?? null);
      return Promise.resolve({ tag: "done", message: null });
    },
  });
  expect((await runAgainst(port, "stop --no-wait web")).out).toBe("web: stop asked for (pid 1234)\n");
  await runAgainst(port, "reload --timeout 2m web");
  const request: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
  expect(seen).toEqual([
    ["stop", { wait: false, timeout: null, request }],
    ["reload", { wait: true, timeout: 120_000, request }],
  ]);
  expect(identities.size).toBe(2);
});

test("a scaling is told by the number of instances, and by what was started and stopped", async () => {
  const outcomes: ScaleOutcome[] = [
    { tag: "scaled", result: "done", added: [], removed: ["w@2"], instances: ["w@1"], notes: [] },
    { tag: "scaled", result: "done", added: [], removed: [], instances: ["w@1", "w@x"], notes: ["w@x is not counted"] },
    {
      tag: "scaled",
      result: "failed",
      added: ["w@2"],
      removed: [],
      instances: ["w@1", "w@2"],
      notes: ["w@2: exited 1"],
    },
  ];
  const seen: unknown[] = [];
  const port = literalPort([], {
    scale(name, count, options) {
      seen.push([name, count, options]);
      return Promise.resolve(outcomes.shift() ?? { tag: "invalid", problems: ["a:1:1: cannot parse"] });
    },
  });
  expect(await runAgainst(port, "scale w 1")).toEqual({ exit: 0, out: "w: 1 instance; stopped: w@2\n", err: "" });
  expect(await runAgainst(port, "scale w file --no-wait")).toEqual({
    exit: 0,
    out: "w: 2 instances, as before\n  note: w@x is not counted\n",
    err: "",
  });
  expect(await runAgainst(port, "scale w 2 --timeout 3s --json")).toMatchObject({
    exit: 1,
    out: expect.stringContaining('"result":"failed"'),
    err: "",
  });
  expect(await runAgainst(port, "scale w 2")).toEqual({
    exit: 6,
    out: "",
    err: 'a:1:1: cannot parse\ncannot scale "w": the configuration is invalid, nothing was changed\n',
  });
  expect(seen.slice(0, 3)).toEqual([
    ["w", 1, { wait: true, timeout: null }],
    ["w", null, { wait: false, timeout: null }],
    ["w", 2, { wait: true, timeout: 3000 }],
  ]);
});

test("a signal goes to each service that is named, before them", async () => {
  const port = literalPort([viewOf("web"), viewOf("db")]);
  expect(await runAgainst(port, "signal hup web")).toEqual({ exit: 0, out: "web: SIGHUP sent (pid 1234)\n", err: "" });
  expect((await runAgainst(port, "signal 15 d*")).exit).toBe(0);
  expect(port.asked).toEqual(["SIGHUP web", "SIGTERM db"]);
});
