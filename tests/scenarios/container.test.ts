/* The supervisor as the first process of a container: seen from outside, as whoever runs containers sees it. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { ORPHAN_MAKER, USUAL_CAPABILITIES, inContainer, whyNoContainer } from "./minimal-root.ts";
import { needsRoot } from "./ordinary-user.ts";
import { allPids } from "./proc.ts";
import { childrenOf, statusLineOf } from "./process-facts.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const maker = ORPHAN_MAKER ?? "";
const CALM = program([maker, "0"]);
const skipped = await whyNoContainer();

class Container implements AsyncDisposable {
  readonly place: TestPlace;
  readonly command: RunningCommand;

  constructor(place: TestPlace, args: readonly string[] = [], capabilities?: readonly string[]) {
    this.place = place;
    this.command = new RunningCommand(
      place.startWords({ foreground: true, wrapper: inContainer(place, capabilities), args }),
    );
  }

  /** What it calls pid 1. */
  get first(): number {
    return childrenOf(this.command.pid)[0] ?? 0;
  }

  async up(): Promise<TestSupervisor> {
    await this.command.says("stdout", /is up: pid 1,/);
    return await TestSupervisor.connect(this.place);
  }

  /** Everything that runs in it, by our numbers. */
  processes(): readonly number[] {
    const { first } = this;
    return allPids().filter((pid) => isBelow(pid, first));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.command[Symbol.asyncDispose]();
    await untilTrue(() => this.place.marked().length === 0);
  }
}

function statusOf(pid: number, title: string): string | null {
  try {
    return (
      readFileSync(`/proc/${pid}/status`, "utf8")
        .split("\n")
        .find((line) => line.startsWith(title)) ?? null
    );
  } catch {
    return null;
  }
}

function isBelow(pid: number, ancestor: number): boolean {
  for (let at = pid; at > 1; at = Number(statusOf(at, "PPid:")?.split("\t")[1] ?? 0)) if (at === ancestor) return true;
  return false;
}

describe.skipIf(skipped !== null)(
  "in a container with a minimal read-only root, without capabilities and /dev/log",
  () => {
    test("services run, are asked about, write their logs, are reloaded, and end in order", async () => {
      using place = new TestPlace({
        "web.toml": shell(
          `echo begins; trap 'echo again' HUP; trap 'echo over; exit 0' TERM; ${maker} 0 & while :; do wait; done`,
          'requires = ["db"]',
        ),
        "db.toml": CALM,
      });
      await using container = new Container(place);
      await using supervisor = await container.up();
      expect(place.read("run", "supervisor.pid")).toBe("1\n");
      expect(statusLineOf(container.first, "NSpid").split("\t").at(-1)).toBe("1");
      expect(BigInt(`0x${statusLineOf(container.first, "CapEff")}`)).toBe(1n << 18n);
      await supervisor.line("web", (text) => text === "begins");
      signalProcess(container.first, "SIGHUP");
      await supervisor.line("web", (text) => text === "again");
      expect((await supervisor.command("status", "web")).code).toBe(0);
      signalProcess(container.first, "SIGTERM");
      expect(await container.command.ended).toEqual({ code: 0, signal: null });
      await supervisor.allTold();
      const ends = supervisor.events.filter(({ event, state }) => event === "state" && state === "down");
      expect(ends.map(({ service }) => service)).toEqual(["web", "db"]);
      expect(place.read("log", "web.log")).toContain("over");
      expect(container.command.stderr).not.toContain("internal error");
    });

    test("10,000 orphans leave no zombie, and the services go on", async () => {
      using place = new TestPlace({ "maker.toml": program([maker, "10000"]), "calm.toml": CALM });
      await using container = new Container(place);
      await using supervisor = await container.up();
      const before = await supervisor.service("calm");
      await supervisor.line("maker", (text) => text === "left 10000");
      await untilTrue(() => container.processes().every((pid) => !hasEnded(pid)));
      for (const name of ["maker", "calm"])
        expect(await supervisor.service(name)).toMatchObject({ state: "up", restarts: 0 });
      expect((await supervisor.service("calm")).pid).toBe(before.pid);
    });

    test("the status of a critical service is that of the container", async () => {
      using place = new TestPlace({ "main.toml": shell("exit 42", "critical = true"), "calm.toml": CALM });
      await using container = new Container(place);
      expect(await container.command.ended).toEqual({ code: 42, signal: null });
    });

    test("what does not end within --stop-timeout is killed, and the status is passed on all the same", async () => {
      const stubborn = `trap '' TERM; while :; do ${maker} 0; done`;
      using place = new TestPlace({
        "stubborn.toml": shell(stubborn, '[stop]\ntimeout = "1000s"'),
        "hanging.toml": program(
          [maker, "0"],
          `[hooks]\nafter_stop = { command = ["${maker}", "0"], timeout = "1000s" }`,
        ),
        "main.toml": shell(
          "read line < /proc/self/fd/0; kill -KILL $$",
          'critical = true\nrequires = ["stubborn", "hanging"]',
        ),
      });
      await using container = new Container(place, ["--stop-timeout", "300ms"]);
      expect(await container.command.ended).toEqual({ code: 137, signal: null });
      await place.logged("killing everything: not stopped within 0.3s");
      await place.logged("ends with status 137");
    });

    test("SIGKILL to the first process, as runtimes of containers send it in the end, leaves nothing behind", async () => {
      using place = new TestPlace({ "calm.toml": CALM });
      await using container = new Container(place);
      await using supervisor = await container.up();
      await supervisor.until("calm", ({ state }) => state === "up");
      const left = container.processes();
      expect(left.length).toBeGreaterThanOrEqual(2);
      signalProcess(container.first, "SIGKILL");
      await container.command.ended;
      for (const pid of left) await untilTrue(() => hasEnded(pid));
    });
  },
);

describe.skipIf(skipped !== null || needsRoot)("in a container with the usual capabilities of Docker", () => {
  test("of a service of another user, whose environment nobody can read, what left its session is named and left alone", async () => {
    using place = new TestPlace({ "other.toml": program([maker, "2", "stay"], 'user = "nobody"') });
    await using container = new Container(place, [], USUAL_CAPABILITIES);
    await using supervisor = await container.up();
    await supervisor.line("other", (text) => text === "left 2");
    const { pid } = await supervisor.service("other");
    const left = container.processes().filter((one) => statusOf(one, "Uid:")?.startsWith("Uid:\t65534") === true);
    expect(left).toHaveLength(3);
    place.write(
      "witness.toml",
      shell(`read line < /proc/${pid}/environ`, 'type = "oneshot"\n[restart]\npolicy = "never"'),
    );
    expect((await supervisor.command("reload")).code).toBe(0);
    await supervisor.line("witness", (text) => text.includes("Permission denied"));

    expect((await supervisor.command("stop", "other")).code).toBe(0);
    const alone = left.filter((one) => !hasEnded(one));
    expect(alone).toHaveLength(1);
    await place.logged(/pid \d+ \(orphan-maker-.*\)/u);
    signalProcess(container.first, "SIGTERM");
    expect(await container.command.ended).toEqual({ code: 0, signal: null });
    await untilTrue(() => alone.every(hasEnded));
  });
});
