/*
 * What is there again after a reboot or a loss of power. Both are made: everything runs in a pid namespace of its own, which is
 * ended as a whole at once, and the next one sees another boot id.
 */
import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { UNSHARE, canUnshare } from "./pid-namespace.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);
const skipped = skipReason("a reboot", [[canUnshare, "no pid namespace can be made here"]]);

/** In front of a command: a machine that has just been started. */
function freshBoot(place: TestPlace): readonly string[] {
  const id = place.path("boot-id");
  writeFileSync(id, `${crypto.randomUUID()}\n`);
  const enter = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"';
  return [...UNSHARE, "sh", "-c", enter, id];
}

class Machine implements AsyncDisposable {
  readonly supervisor: TestSupervisor;
  readonly #command: RunningCommand;

  private constructor(command: RunningCommand, supervisor: TestSupervisor) {
    this.#command = command;
    this.supervisor = supervisor;
  }

  static async boot(place: TestPlace): Promise<Machine> {
    const command = new RunningCommand(place.startWords({ foreground: true, wrapper: freshBoot(place) }));
    try {
      await command.says("stdout", /is up/);
      return new Machine(command, await TestSupervisor.connect(place));
    } catch (error) {
      await command[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Everything ends at this instant, and nothing is told. */
  async powerCut(): Promise<void> {
    await this.#command[Symbol.asyncDispose]();
    await untilTrue(() => this.supervisor.place.marked().length === 0);
  }

  async shutDown(): Promise<void> {
    expect((await this.supervisor.command("shutdown")).code).toBe(0);
    await this.#command.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#command[Symbol.asyncDispose]();
  }
}

function stoppedIn(place: TestPlace): readonly string[] {
  return (JSON.parse(place.read("state", "stopped.json")) as { readonly services: readonly string[] }).services;
}

describe.skipIf(skipped !== null)("after a reboot", () => {
  for (const [end, isOrderly] of [
    ["an orderly shutdown", true],
    ["a loss of power", false],
  ] as const) {
    for (const [where, isKept] of [
      ["gone, as below /run,", false],
      ["still there, as below a home directory,", true],
    ] as const) {
      test(`that follows ${end}, with the runtime directory ${where} what was stopped by hand stays stopped until it is started`, async () => {
        using place = new TestPlace({
          "db.toml": SLEEPER,
          "web.toml": SLEEPER,
          "manual.toml": program(["sleep", "9"], 'start = "manual"'),
        });
        const reboot = async (machine: Machine): Promise<Machine> => {
          await (isOrderly ? machine.shutDown() : machine.powerCut());
          if (!isKept) rmSync(place.runtime, { recursive: true });
          return await Machine.boot(place);
        };
        await using first = await Machine.boot(place);
        expect((await first.supervisor.command("stop", "db")).code).toBe(0);
        expect((await first.supervisor.command("start", "manual")).code).toBe(0);

        await using second = await reboot(first);
        await second.supervisor.until("web", ({ state }) => state === "up");
        expect(await second.supervisor.service("db")).toMatchObject({ state: "down", want: "down", pid: null });
        expect(await second.supervisor.service("manual")).toMatchObject({ state: "down", want: "down", pid: null });
        expect((await second.supervisor.command("start", "db")).code).toBe(0);

        await using third = await reboot(second);
        await third.supervisor.until("db", ({ state }) => state === "up");
        expect(stoppedIn(place)).toEqual([]);
      });
    }
  }

  test("a stop that was answered a moment before the loss of power holds, and so do all of many", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
    using place = new TestPlace(Object.fromEntries(names.map((name) => [`${name}.toml`, SLEEPER])));
    await using first = await Machine.boot(place);
    expect((await first.supervisor.command("stop", "s*", "--timeout", "20s")).code).toBe(0);
    await first.powerCut();
    rmSync(place.runtime, { recursive: true });
    await using second = await Machine.boot(place);
    expect((await second.supervisor.services()).map(({ state }) => state)).toEqual(names.map(() => "down"));
  });

  test("a torn file of stops is told of, everything is started, and the next stop is remembered again", async () => {
    using place = new TestPlace({ "db.toml": SLEEPER });
    await using first = await Machine.boot(place);
    expect((await first.supervisor.command("stop", "db")).code).toBe(0);
    await first.powerCut();
    rmSync(place.runtime, { recursive: true });
    truncateSync(place.path("state", "stopped.json"), 20);
    await using second = await Machine.boot(place);
    await second.supervisor.until("db", ({ state }) => state === "up");
    await place.logged(`cannot read "${place.path("state", "stopped.json")}": it is damaged`);
    expect((await second.supervisor.command("stop", "db")).code).toBe(0);
    expect(stoppedIn(place)).toEqual(["db"]);
  });

  test("a history that is torn at its end is read up to there, and goes on", async () => {
    using place = new TestPlace({ "task.toml": shell("exit 3", '[restart]\npolicy = "never"') });
    await using first = await Machine.boot(place);
    for (let run = 1; run <= 4; run++) {
      await first.supervisor.command("start", "task");
      const told = await first.supervisor.command("history", "task", "--json");
      expect(told.code).toBe(0);
    }
    await first.powerCut();
    const log = place.path("state", "history.db-wal");
    const size = readFileSync(log).length;
    expect(size).toBeGreaterThan(4096);
    // The last page was written in part.
    truncateSync(log, size - 1000);
    await using second = await Machine.boot(place);
    const { code, stdout } = await second.supervisor.command("history", "task", "--json");
    expect(code).toBe(0);
    const runs = (JSON.parse(stdout) as readonly { readonly run: number | null }[]).map(({ run }) => run);
    expect(runs.slice(0, 3)).toEqual([1, 1, 2]);
    await second.shutDown();
    const db = new Database(place.path("state", "history.db"), { readonly: true });
    expect(db.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    db.close();
  });

  test("a schedule that has run is not due again, whatever draft a write that was underway has left", async () => {
    using place = new TestPlace({});
    const ran = place.path("ran");
    const every = '[schedule]\nevery = "1000h"\ncatch_up = true';
    place.write("task.toml", shell(`echo ran >> ${ran}`, `type = "oneshot"\n${every}`));
    await using first = await Machine.boot(place);
    expect((await first.supervisor.command("start", "task")).code).toBe(0);
    await untilTrue(() => existsSync(place.path("state", "schedules.json")));
    await first.powerCut();
    writeFileSync(place.path("state", "schedules.json.new"), '{"version":1,"ru');
    await using second = await Machine.boot(place);
    const view = await second.supervisor.until("task", ({ state }) => state === "waiting");
    expect(view.pid).toBeNull();
    expect(readFileSync(ran, "utf8")).toBe("ran\n");
  });
});
