/* Commands around the life of a service. */
import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { needsRoot } from "./ordinary-user.ts";
import { processesOf } from "./proc.ts";
import { TestPlace, TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const NEVER = '[restart]\npolicy = "never"';

/** A TOML table of hooks; each a shell script. */
function hooks(scripts: Readonly<Record<string, string>>, timeout = "10s"): string {
  const lines = Object.entries(scripts).map(
    ([name, script]) => `${name} = { command = ${JSON.stringify(["sh", "-c", script])}, timeout = "${timeout}" }`,
  );
  return `[hooks]\n${lines.join("\n")}\n`;
}

const EACH = { before_start: "echo before start", after_start: "echo after start $MAINPID" };
const BOTH_ENDS = { ...EACH, before_stop: "echo before stop $MAINPID", after_stop: "echo after stop $SERVICE_RESULT" };

describe("hooks", () => {
  test("run in order around the service, with its output, and the service is up after the last of its start", async () => {
    const main = 'trap "echo ending; exit 0" TERM; echo running; while :; do sleep 0.01; done 2> /dev/null';
    await using supervisor = await TestSupervisor.start({
      "web.toml": shell(main, `start = "manual"\n[ready]\nlog = "^running$"\n${hooks(BOTH_ENDS)}`),
    });
    expect(await supervisor.command("start", "web")).toMatchObject({ code: 0 });
    const { pid } = await supervisor.service("web");
    expect(await supervisor.lines("web", (texts) => texts.length >= 3)).toEqual([
      "before start",
      "running",
      `after start ${pid}`,
    ]);
    expect(await supervisor.command("stop", "web")).toMatchObject({ code: 0 });
    const all = await supervisor.lines("web", (texts) => texts.length >= 6);
    expect(all.slice(3)).toEqual([`before stop ${pid}`, "ending", "after stop success"]);
    expect(supervisor.place.read("log", "web.log")).toContain("before start");
  });

  test("of a start are each told in the status while they are at work", async () => {
    const place = new TestPlace({});
    const wait = (name: string): string => `until [ -e "${place.path(name)}" ]; do sleep 0.01; done`;
    const names = ["before_start", "after_start", "before_stop", "after_stop"];
    place.write(
      "web.toml",
      program(["sleep", "1000"], hooks(Object.fromEntries(names.map((name) => [name, wait(name)])), "1h")),
    );
    await using supervisor = await place.start();
    const states = [];
    for (const name of names) {
      if (name === "before_stop") {
        await supervisor.until("web", (view) => view.state === "up");
        await supervisor.request("POST", "/v1/services/web/stop", { wait: false });
      }
      const view = await supervisor.until("web", ({ message }) => message === `its ${name} hook is at work`);
      states.push(`${view.state} ${view.pid === null ? "without" : "with"} a process`);
      writeFileSync(place.path(name), "");
    }
    expect(states).toEqual([
      "starting without a process",
      "starting with a process",
      "stopping with a process",
      "stopping without a process",
    ]);
    await supervisor.until("web", (view) => view.state === "down");
  });

  test("that fail before the start prevent it, and say so", async () => {
    await using supervisor = await TestSupervisor.start({
      "web.toml": shell("echo running", `start = "manual"\n${hooks({ before_start: "echo no; exit 3" })}${NEVER}`),
      "app.toml": program(["sleep", "1000"], 'start = "manual"\nrequires = ["web"]'),
    });
    const start = await supervisor.command("start", "web");
    expect(start.code).toBe(1);
    expect(start.stderr).toContain('cannot start "web": before_start exited 3');
    expect(await supervisor.service("web")).toMatchObject({
      state: "failed",
      message: "before_start exited 3",
      pid: null,
    });
    expect(await supervisor.lines("web", (texts) => texts.length > 0)).toEqual(["no"]);
    expect((await supervisor.command("start", "app")).stderr).toContain(
      'requires "web", which has failed: before_start exited 3',
    );
  });

  test("that fail after the start end it, and the policy decides what follows", async () => {
    await using supervisor = await TestSupervisor.start({
      "web.toml": program(["sleep", "1000"], `${hooks({ after_start: "exit 4" })}[restart]\ndelay = "1h"`),
    });
    const view = await supervisor.until("web", (now) => now.state === "backoff");
    expect(view).toMatchObject({ message: "after_start exited 4", last_exit: { signal: "SIGTERM" } });
    expect(supervisor.events.some(({ service, state }) => service === "web" && state === "up")).toBe(false);
    expect(supervisor.place.marked()).toEqual([]);
  });

  test("that fail before the stop hinder nothing", async () => {
    await using supervisor = await TestSupervisor.start({
      "web.toml": program(["sleep", "1000"], hooks({ before_stop: "exit 5", after_stop: "exit 6" })),
    });
    await supervisor.until("web", (now) => now.state === "up");
    expect(await supervisor.command("stop", "web")).toMatchObject({ code: 0 });
    expect(await supervisor.service("web")).toMatchObject({ state: "down" });
  });

  test("that take too long are killed with all that they have started", async () => {
    const hang = "(setsid sleep 1000.125 &); sleep 1000.125 & exec sleep 1000.125";
    const file = (when: string): string =>
      program(["sleep", "1000"], `start = "manual"\n${hooks({ [when]: hang }, "100ms")}${NEVER}`);
    await using supervisor = await TestSupervisor.start({
      "before.toml": file("before_start"),
      "after.toml": file("after_start"),
      "leaving.toml": file("before_stop"),
      "cleaning.toml": file("after_stop"),
    });
    const ours = (): readonly number[] =>
      processesOf("sleep", "1000.125").filter((pid) => supervisor.place.marked().includes(pid));
    for (const [name, message] of [
      ["before", "before_start took longer than 0.1s"],
      ["after", "after_start took longer than 0.1s"],
    ] as const) {
      expect((await supervisor.command("start", name)).stderr).toContain(message);
      expect(await supervisor.service(name)).toMatchObject({ state: "failed", message });
      await untilTrue(() => ours().length === 0);
    }
    for (const name of ["leaving", "cleaning"]) {
      expect(await supervisor.command("start", name)).toMatchObject({ code: 0 });
      expect(await supervisor.command("stop", name)).toMatchObject({ code: 0 });
      await untilTrue(() => ours().length === 0);
    }
  });

  test("leave no process behind when they end, wherever that has gone", async () => {
    const leave =
      "(sleep 1000.25 &); (setsid sleep 1000.25 &); setsid sh -c 'sleep 1000.25 & sleep 1000.25 &'; echo left";
    await using supervisor = await TestSupervisor.start({
      "web.toml": program(["sleep", "1000"], `start = "manual"\n${hooks({ before_start: leave, after_stop: leave })}`),
    });
    const ours = (): readonly number[] =>
      processesOf("sleep", "1000.25").filter((pid) => supervisor.place.marked().includes(pid));
    expect(await supervisor.command("start", "web")).toMatchObject({ code: 0 });
    expect(await supervisor.command("stop", "web")).toMatchObject({ code: 0 });
    await untilTrue(() => ours().length === 0);
    expect(await supervisor.lines("web", (texts) => texts.length === 2)).toEqual(["left", "left"]);
  });

  test("of a start are ended by a stop, and what cleans up runs all the same", async () => {
    const scripts = { before_start: "echo at work; exec sleep 1000", after_stop: "echo cleaned" };
    await using supervisor = await TestSupervisor.start({
      "web.toml": program(["sleep", "1000"], hooks(scripts, "1h")),
    });
    await supervisor.line("web", (text) => text === "at work");
    expect(await supervisor.command("stop", "web")).toMatchObject({ code: 0 });
    expect(await supervisor.service("web")).toMatchObject({ state: "down", want: "down" });
    expect(await supervisor.lines("web", (texts) => texts.length === 2)).toEqual(["at work", "cleaned"]);
    expect(supervisor.place.marked()).toEqual([]);
  });

  test("of a start end with the service that has died meanwhile", async () => {
    const scripts = { after_start: "echo at work; exec sleep 1000" };
    await using supervisor = await TestSupervisor.start({
      "web.toml": program(["sleep", "1000"], `${hooks(scripts, "1h")}${NEVER}`),
    });
    await supervisor.line("web", (text) => text === "at work");
    const hook = supervisor.place.marked();
    signalProcess((await supervisor.service("web")).pid, "SIGKILL");
    const view = await supervisor.until("web", (now) => now.state === "failed");
    expect(view.message).toBe("killed by SIGKILL");
    await untilTrue(() => hook.every(hasEnded));
  });

  test("are waited for by a shutdown", async () => {
    const place = new TestPlace({});
    place.write(
      "web.toml",
      program(["sleep", "1000"], hooks({ after_stop: `sleep 0.1; : > "${place.path("cleaned")}"` })),
    );
    await using supervisor = await place.start();
    await supervisor.until("web", (view) => view.state === "up");
    supervisor.kill("SIGTERM");
    await supervisor.gone();
    expect(existsSync(place.path("cleaned"))).toBe(true);
  });

  test.skipIf(needsRoot)("run as the user of the service, in its directory and with its environment", async () => {
    const tell = 'echo "$(id -u) $(pwd) $(umask) $COLOUR $DAEMONSUP_SERVICE"';
    const more = `user = "nobody"\ndirectory = "/usr"\numask = "027"\nenvironment = { COLOUR = "red" }\n`;
    await using supervisor = await TestSupervisor.start({
      "web.toml": program(["sleep", "1000"], `${more}${hooks({ before_start: tell, after_start: tell })}`),
    });
    await supervisor.until("web", (view) => view.state === "up");
    const line = "65534 /usr 0027 red web";
    expect(await supervisor.lines("web", (texts) => texts.length === 2)).toEqual([line, line]);
  });
});
