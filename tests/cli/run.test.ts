import { describe, expect, test } from "bun:test";
import { runCommand } from "../../src/cli/run-command.ts";
import type { Outcome } from "../../src/control/control-port.ts";
import type { LastExitView, ServiceView } from "../../src/core/service-view.ts";
import { type LiteralPort, literalPort, viewOf } from "../control/literal-port.ts";
import { serveTemporarily, until } from "../control/temporary-server.ts";
import { literalWorld } from "./literal-world.ts";

const EARLIER: LastExitView = { at: "2026-01-01T03:00:00.000Z", code: 9, signal: null, reason: "exited 9" };
const BACKUP = viewOf("backup", { type: "oneshot", state: "waiting", ready: false, pid: null, last_exit: EARLIER });

function ended(code: number | null, signal: string | null, reason: string): LastExitView {
  return { at: "2026-01-02T12:34:56.000Z", code, signal, reason };
}

/** A supervisor with a service that is as `after` once it has been started. */
function portWith(before: ServiceView, after: Partial<ServiceView>, outcome: Outcome): LiteralPort {
  let view = before;
  const port = literalPort([before], {
    service: (name) => (name === before.name ? view : null),
    ask(name, verb) {
      port.asked.push(`${verb} ${name}`);
      view = { ...before, ...after };
      return Promise.resolve(outcome);
    },
  });
  return port;
}

async function runAgainst(port: LiteralPort, words: string) {
  await using server = serveTemporarily(port);
  const world = literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: server.directory } });
  const exit = await runCommand(words.split(" "), world);
  return { exit, ...world.written };
}

const DONE: Outcome = { tag: "done", message: null };
const FAILED: Outcome = { tag: "failed", message: "exited 3" };

describe("run", () => {
  test.each<[LastExitView, Outcome, number]>([
    [ended(0, null, "exited 0"), DONE, 0],
    [ended(3, null, "exited 3"), FAILED, 3],
    [ended(3, null, "exited 3"), DONE, 3],
    [ended(255, null, "exited 255"), FAILED, 255],
    [ended(null, "SIGKILL", "killed by SIGKILL"), FAILED, 137],
    [ended(null, "SIG34", "killed by SIG34"), FAILED, 162],
    [ended(null, null, "ended with an unknown status"), FAILED, 1],
  ])("ends as the service has ended: %j", async (exit, outcome, status) => {
    const port = portWith(BACKUP, { last_exit: exit }, outcome);
    const ran = await runAgainst(port, "run backup");
    expect([ran.exit, port.asked]).toEqual([status, ["start backup"]]);
    expect(status === 0 ? ran.out : ran.err).toBe(`backup: ${exit.reason}\n`);
  });

  test.each<[string, Outcome, number, string]>([
    [
      "could not be started",
      { tag: "failed", message: "exec failed: ENOENT: /bin/x" },
      1,
      "exec failed: ENOENT: /bin/x",
    ],
    ["may not run now", { tag: "done", message: '"/etc/x" does not exist' }, 1, '"/etc/x" does not exist'],
    ["has not run, nobody knows why", DONE, 1, "it has not run"],
    ["was stopped", { tag: "overtaken", message: "overtaken by stop" }, 1, "overtaken by stop"],
    ["took too long", { tag: "timed-out", message: "not decided within 1s" }, 124, "not decided within 1s"],
  ])("that %s is told from one that has ended earlier", async (_what, ...[outcome, status, reason]) => {
    const ran = await runAgainst(portWith(BACKUP, {}, outcome), "run backup");
    expect(ran).toMatchObject({ exit: status, err: `cannot run "backup": ${reason}\n`, out: "" });
  });

  test("prints the answer as JSON", async () => {
    const last = ended(0, null, "exited 0");
    const { exit, out } = await runAgainst(portWith(BACKUP, { last_exit: last }, DONE), "run --json backup");
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ name: "backup", result: "done", service: { last_exit: last } });
  });

  test("says that the service is at work already", async () => {
    const port = portWith({ ...BACKUP, pid: 77 }, { pid: null, last_exit: ended(0, null, "exited 0") }, DONE);
    const ran = await runAgainst(port, "run backup");
    expect(ran).toMatchObject({ exit: 0, err: "backup: at work already (pid 77), waiting for its end\n" });
  });

  test("is refused for what does not end by itself", async () => {
    const port = literalPort([viewOf("web")]);
    const ran = await runAgainst(port, "run web");
    expect([ran.exit, port.asked]).toEqual([2, []]);
    expect(ran.err).toStartWith('cannot run "web": its type is "simple", want "oneshot"');
  });

  test("of an unknown service says which may have been meant", async () => {
    const ran = await runAgainst(literalPort([BACKUP]), "run backpu");
    expect(ran).toEqual({ exit: 5, out: "", err: 'cannot run "backpu": no such service (did you mean "backup"?)\n' });
  });

  test("of an instance that there is not makes it, if it is a oneshot", async () => {
    const asked: unknown[] = [];
    const made = viewOf("backup@home", { type: "oneshot", state: "done", last_exit: ended(3, null, "exited 3") });
    let isMade = false;
    const port = literalPort([BACKUP], {
      service: (name) => (isMade && name === made.name ? made : null),
      ask(name, verb, { type }) {
        asked.push([verb, name, type]);
        isMade = true;
        return Promise.resolve(FAILED);
      },
    });
    const ran = await runAgainst(port, "run backup@home");
    expect([ran.exit, ran.err, asked]).toEqual([3, "backup@home: exited 3\n", [["start", "backup@home", "oneshot"]]]);
  });

  test("of an instance that cannot be is told as no such service", async () => {
    const port = literalPort([BACKUP], {
      ask: () => Promise.resolve({ tag: "no-such-service", message: "there is no such service" }),
    });
    const ran = await runAgainst(port, "run backup@home");
    expect(ran.exit).toBe(5);
    expect(ran.err).toStartWith('cannot run "backup@home": no such service');
  });

  test("takes one name, and a time that is one", async () => {
    expect((await runAgainst(literalPort([BACKUP]), "run")).exit).toBe(2);
    expect((await runAgainst(literalPort([BACKUP]), "run backup other")).exit).toBe(2);
    expect((await runAgainst(literalPort([BACKUP]), "run --timeout soon backup")).exit).toBe(2);
  });

  test("that is interrupted goes on", async () => {
    const port = literalPort([BACKUP], { ask: () => new Promise(() => port.asked.push("asked")) });
    await using server = serveTemporarily(port);
    const world = literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: server.directory } });
    const exit = runCommand(["run", "backup"], world);
    await until(() => port.asked.length > 0);
    world.interrupt();
    expect(await exit).toBe(130);
    expect(world.written.err).toContain("the run of backup goes on");
  });
});
