import { describe, expect, test } from "bun:test";
import type { HistoryEntry, OutputLine, RunEntry } from "../../src/core/history.ts";
import type { Exit } from "../../src/core/exit.ts";
import { millis } from "../../src/core/units.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const NEVER = { delay: millis(0), policy: "never" } as const;
const CRASH: Exit = { tag: "code", code: 1 };

/** What is known of each run in the end, its beginning aside. */
function endsOf(entries: readonly HistoryEntry[]): readonly string[] {
  return entries
    .filter((entry) => entry.tag === "run")
    .filter(({ end }) => end !== null)
    .map(
      ({ service, pid, end }) =>
        `${service} ${pid} ${end?.cause}: ${end?.reason}${end?.because === null ? "" : ` (${end?.because})`}`,
    );
}

const runsOf = (entries: readonly HistoryEntry[]): readonly RunEntry[] =>
  entries.filter((entry) => entry.tag === "run");

describe("the historian", () => {
  test("keeps the beginning of a run at once, and its end under the same number", () => {
    const world = literalSupervisor();
    world.boot([{ name: "web" }]);
    const [begun] = runsOf(world.history);
    expect(begun).toMatchObject({ service: "web", pid: 201, because: "with the supervisor", end: null });
    world.end(201, CRASH);
    const ended = runsOf(world.history).find(({ end }) => end !== null);
    expect(ended).toMatchObject({ run: begun?.run, end: { cause: "crash", reason: "exited 1", exit: CRASH } });
    expect(ended?.end?.report).not.toBeNull();
  });

  test("tells an end by request from one that nobody asked for", async () => {
    const world = literalSupervisor();
    world.boot([{ name: "a" }, { name: "b" }, { name: "c", type: "oneshot" }]);
    const stopped = world.operator.ask("a", "stop", { wait: true, timeout: null });
    world.end(201, { tag: "signal", signal: "SIGTERM", dumped: false });
    await stopped;
    world.end(202);
    world.end(203);
    expect(endsOf(world.history)).toEqual([
      "a 201 stop: killed by SIGTERM (stop, by an operator)",
      "b 202 end: exited 0",
      "c 203 end: exited 0",
    ]);
    const reports = runsOf(world.history).filter(({ end }) => end !== null);
    // A service that ends by itself is worth a look; a task that is done is not.
    expect(reports.map(({ end }) => end?.report !== null)).toEqual([false, true, false]);
  });

  test("says whom a service had to make way for", () => {
    const world = literalSupervisor();
    world.boot([{ name: "db" }, { name: "web", requires: [{ name: "db", restartWith: false }] }]);
    void world.operator.ask("db", "stop", { wait: false, timeout: null });
    world.end(202, { tag: "signal", signal: "SIGTERM", dumped: false });
    expect(endsOf(world.history)).toEqual(['web 202 stop: killed by SIGTERM ("db" is being stopped)']);
  });

  test("says that the supervisor ends, and why", () => {
    const world = literalSupervisor();
    world.boot([{ name: "web" }]);
    world.supervisor.end(0, "SIGTERM");
    world.end(201, { tag: "signal", signal: "SIGTERM", dumped: false });
    expect(endsOf(world.history)).toEqual(["web 201 stop: killed by SIGTERM (the supervisor ends: SIGTERM)"]);
  });

  test("keeps a start of which no process came, each time that it is tried", () => {
    const world = literalSupervisor();
    world.spawn = () => ({ tag: "failed", stage: "exec", errno: "ENOENT" });
    world.boot([{ name: "web", command: ["/usr/bin/wbe"] }]);
    expect(runsOf(world.history)).toEqual([]);
    expect(world.history).toMatchObject([
      { tag: "event", event: "start-failed", service: "web", message: "exec failed: ENOENT: /usr/bin/wbe" },
    ]);
  });

  test("takes the end of the starter of a daemon for no end of the run", () => {
    const world = literalSupervisor();
    world.boot([{ name: "web", type: "forking", pidFile: "/run/web.pid", restart: NEVER }]);
    world.machine.start(210, { parent: 201, group: 201 });
    world.end(201);
    expect(endsOf(world.history)).toEqual([]);
    world.supervisor.fleet.post("web", { tag: "named", pid: 210 });
    world.supervisor.belongings.named("web", 210);
    world.end(210, CRASH);
    expect(endsOf(world.history)).toEqual(["web 210 crash: exited 1"]);
  });

  test("keeps the ends of a service in their order, though the last lines of one come late", async () => {
    const world = literalSupervisor();
    world.boot([{ name: "web", restart: { delay: millis(0) } }]);
    const late = Promise.withResolvers<readonly OutputLine[]>();
    Object.assign(world, { mostLines: 5, lastWords: late.promise });
    world.end(201, CRASH);
    // Of a service that crashes all the time, not the lines of every run are asked for.
    world.mostLines = 0;
    world.end(202, CRASH);
    expect(endsOf(world.history)).toEqual([]);
    late.resolve([]);
    await world.supervisor.companions.history.settled();
    expect(endsOf(world.history)).toEqual(["web 201 crash: exited 1", "web 202 crash: exited 1"]);
  });

  test("keeps why a service has failed where its last run does not tell", () => {
    const world = literalSupervisor();
    const restart = { delay: millis(0), limit: { count: 1, within: millis(60_000) } };
    world.boot([{ name: "web", restart }]);
    world.end(201, CRASH);
    world.end(202, CRASH);
    const failed = world.history.filter((entry) => entry.tag === "event");
    expect(failed).toMatchObject([{ event: "failed", message: "exited 1; given up: restarted 1 times within 60s" }]);
  });
});

describe("over the death of the supervisor", () => {
  /** What a successor is told of "web", as a file gives it back. */
  function successorOf(before: ReturnType<typeof literalSupervisor>) {
    const [record, it] = [before.supervisor.fleet.get("web"), literalSupervisor()];
    if (record === null) throw new Error("there is no web");
    it.boot([{ name: "web", start: "manual" }]);
    const beside = JSON.parse(JSON.stringify(record.beside)) as typeof record.beside;
    it.supervisor.companions.history.adopted({ ...record, beside });
    return it;
  }

  test("a run that goes on keeps its entry, and ends in it", () => {
    const before = literalSupervisor();
    before.boot([{ name: "web" }]);
    const it = successorOf(before);
    const [begun] = runsOf(it.history);
    expect(begun).toEqual({ ...runsOf(before.history)[0], session: "this" } as RunEntry);
    expect(it.goOn).toEqual([`this ${begun?.run}`]);
    const { companions, fleet } = it.supervisor;
    const record = before.supervisor.fleet.get("web") ?? fleet.get("web");
    if (record === null) throw new Error("there is no web");
    const lastExit = { at: it.timers.wall(), exit: CRASH, reason: "exited 1" };
    companions.history.changed({ ...record, lastExit }, record);
    expect(runsOf(it.history).at(-1)).toMatchObject({ run: begun?.run, session: "this", end: { reason: "exited 1" } });
  });

  test("an end that may not have reached the disk is kept once more", () => {
    const before = literalSupervisor();
    before.boot([{ name: "web", restart: NEVER as never }]);
    before.end(201, CRASH);
    const it = successorOf(before);
    expect(endsOf(it.history)).toEqual(["web 201 crash: exited 1"]);
  });

  test("what an operator had asked for says why a run ends", () => {
    const before = literalSupervisor();
    before.boot([{ name: "web" }]);
    void before.operator.ask("web", "stop", { wait: false, timeout: null });
    expect(before.supervisor.fleet.get("web")?.beside).toMatchObject({ asked: { words: "stop, by an operator" } });
    before.end(201, { tag: "signal", signal: "SIGTERM", dumped: false });
    expect(before.supervisor.fleet.get("web")?.beside["asked"]).toBe(undefined);
  });
});
