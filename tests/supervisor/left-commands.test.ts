import { describe, expect, test } from "bun:test";
import { newRecord } from "../../src/core/service-record.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import { type CommandNote, CommandNotes } from "../../src/supervisor/command-notes.ts";
import { LeftCommands } from "../../src/supervisor/left-commands.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { LiteralMachine } from "./literal-machine.ts";
import { LiteralTimers } from "./literal-timers.ts";

const NOTE = { invocation: "run-1", timeout: millis(1000), until: 1000 as Instant, outlives: false };

/** A successor of a supervisor that has noted this of a before_start hook of "web", whose process has the number 300. */
function world(noteOf: (machine: LiteralMachine) => CommandNote) {
  const machine = new LiteralMachine();
  const timers = new LiteralTimers();
  const [goesOn, killed, drained, told]: [number[], number[], number[], string[]] = [[], [], [], []];
  let beside: Readonly<Record<string, never>> = {};
  const annotate: ConstructorParameters<typeof CommandNotes>[0] = (_service, word, data) => {
    beside = data === null ? {} : ({ [word]: JSON.parse(JSON.stringify(data)) } as typeof beside);
  };
  new CommandNotes(annotate).begin("web", "before_start").write(noteOf(machine));
  let end: ((failure: string | null, isKnown: boolean) => void) | null = null;
  const left = new LeftCommands({
    processes: machine,
    timers,
    notes: new CommandNotes(annotate),
    output: {
      adoptedCommands: () => [
        { run: 1, service: "web", pid: 300 },
        { run: 2, service: "web", pid: 301 },
      ],
      drain: (run) => void drained.push(run),
    },
    isRunning: (pid) => goesOn.includes(pid),
    goOn(found, row) {
      goesOn.push(row.pid);
      end = found.ended;
    },
    kill: (pid) => void killed.push(pid),
  });
  left.adopt({ ...newRecord(literalDefinition(), timers.wall()), beside });
  const claim = (kind: "before_start" | "after_start" = "before_start") =>
    left.claim("web", kind, (failure, isKnown) => void told.push(`${failure} ${isKnown}`));
  return {
    ...{ machine, timers, left, goesOn, killed, drained, told, claim },
    beside: () => beside,
    end: (failure: string | null) => end?.(failure, true),
  };
}

const noted = (machine: LiteralMachine): CommandNote => ({
  ...NOTE,
  pid: 300,
  startTicks: machine.start(300).startTicks,
});

describe("a command that a predecessor has begun", () => {
  test("goes on, and who claims it hears of its end", () => {
    const it = world(noted);
    expect(it.goesOn).toEqual([300]);
    const claimed = it.claim();
    expect([claimed?.tag, it.claim()]).toEqual(["started", null]);
    it.end("exited 3");
    expect(it.told).toEqual(["exited 3 true"]);
    if (claimed?.tag === "started") claimed.kill();
    expect(it.killed).toEqual([300]);
  });

  test("that ends before it is claimed is told of then", () => {
    const it = world(noted);
    it.end(null);
    it.claim();
    it.timers.turns();
    expect(it.told).toEqual(["null true"]);
  });

  test("that had ended, which was written down, is told of once, and forgotten with that", () => {
    const it = world(() => ({ ...NOTE, pid: 300, startTicks: 1, failure: "exited 4" }));
    it.claim();
    expect(it.told).toEqual([]);
    it.timers.turns();
    expect([it.told, it.beside(), it.goesOn]).toEqual([["exited 4 true"], {}, []]);
  });

  test.each([
    [
      "its number is another process's",
      (machine: LiteralMachine) => ({ ...NOTE, pid: 300, startTicks: machine.start(300).startTicks + 1 }),
    ],
    ["nothing of it is there", () => ({ ...NOTE, pid: 300, startTicks: 1 })],
    ["it was about to be started", () => ({ ...NOTE, pid: null, startTicks: null })],
  ])("has an unknown end where %s", (_words, noteOf) => {
    const it = world(noteOf);
    it.claim();
    it.timers.turns();
    expect([it.told, it.goesOn]).toEqual([["ended with an unknown status false"], []]);
  });

  test("that has been made but not written down is found among our children, and what it has started is not taken for it", () => {
    const marks = { DAEMONSUP_SERVICE: "web", INVOCATION_ID: "run-1" };
    const it = world((machine) => {
      machine.start(298, { environment: { ...marks, DAEMONSUP_COMMAND: "after_start" } });
      machine.start(299, { environment: { ...marks, DAEMONSUP_COMMAND: "before_start" }, group: 300 });
      machine.start(300, { environment: { ...marks, DAEMONSUP_COMMAND: "before_start" } });
      return { ...NOTE, pid: null, startTicks: null };
    });
    expect(it.goesOn).toEqual([300]);
  });

  test("is killed if nobody waits for it any more, and what ended ones have said is read to its end", () => {
    const it = world(noted);
    expect(it.claim("after_start")).toBe(null);
    it.left.endUnclaimed();
    expect([it.killed, it.drained]).toEqual([[300], [2]]);
    expect(it.claim()).toBe(null);
  });

  test("that had ended and that nobody waits for is forgotten", () => {
    const it = world(() => ({ ...NOTE, pid: 300, startTicks: 1, failure: null }));
    it.left.endUnclaimed();
    expect([it.killed, it.beside()]).toEqual([[], {}]);
  });
});

test("a note is removed by the command that it is about, and by no earlier one of its kind", () => {
  const words: string[] = [];
  const notes = new CommandNotes(
    (_service, word, data) => void words.push(`${word} ${data === null ? "gone" : "noted"}`),
  );
  const [first, second] = [notes.begin("web", "check"), notes.begin("web", "check")];
  second.write({ ...NOTE, pid: 1, startTicks: 1 });
  first.remove();
  first.write({ ...NOTE, pid: 1, startTicks: 1 });
  second.remove();
  expect(words).toEqual(["command check noted", "command check gone"]);
});
