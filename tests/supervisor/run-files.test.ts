import { describe, expect, test } from "bun:test";
import type { LookAnswer, LookRequest } from "../../src/config/look.ts";
import { LookThreads, type LookListener } from "../../src/supervisor/look-threads.ts";
import { RunFiles } from "../../src/supervisor/run-files.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { LiteralTimers } from "./literal-timers.ts";

const WEB = literalDefinition({ environmentFiles: [{ path: "/etc/default/web", optional: false }] });

function answer(value: string): LookAnswer {
  return { unmet: null, files: { tag: "read", variables: { A: value }, secrets: {} }, ends: null };
}

function files() {
  const timers = new LiteralTimers();
  const closed: number[] = [];
  const looks: { readonly request: LookRequest; readonly done: (answer: LookAnswer | string) => void }[] = [];
  const runFiles = new RunFiles({
    timers,
    host: () => "host",
    look: (request, done) => void looks.push({ request, done }),
    outputOf: ({ log }) => (log.direct === null ? null : { stdout: "/var/log/web.log", stderr: null, owner: null }),
    closeFd: (fd) => void closed.push(fd),
  });
  const told: (string | null)[] = [];
  return {
    timers,
    looks,
    closed,
    runFiles,
    told,
    look: (again = false) => runFiles.look(WEB, again, (unmet) => told.push(unmet)),
  };
}

describe("the files of a service", () => {
  test("are what was read last, and nothing at all where there are none", () => {
    const { looks, runFiles, told, look } = files();
    expect(runFiles.of(literalDefinition({}))).toMatchObject({ tag: "read", variables: {} });
    expect(runFiles.of(WEB)).toMatchObject({ tag: "unable", reason: expect.stringContaining("not been read yet") });
    look();
    looks[0]?.done(answer("1"));
    expect([runFiles.of(WEB), told]).toEqual([answer("1").files, [null]]);
    look();
    looks[1]?.done({ ...answer("2"), unmet: "no" });
    expect(told).toEqual([null, "no"]);
  });

  test("keep a service from its start also if there is only a condition, and that cannot be looked at", () => {
    const { looks, runFiles } = files();
    const condition = { pathExists: ["/x"], pathMissing: [], fileNotEmpty: [], directoryNotEmpty: [], host: [] };
    const conditional = literalDefinition({ condition });
    expect(runFiles.of(conditional)).toMatchObject({ tag: "read" });
    runFiles.look(conditional, false, () => {});
    looks[0]?.done("the thread that looked has died");
    const reason = "cannot look at its files: the thread that looked has died";
    expect(runFiles.of(conditional)).toEqual({ tag: "unable", reason });
    runFiles.look(conditional, false, () => {});
    looks[1]?.done({ unmet: null, files: { tag: "read", variables: {}, secrets: {} }, ends: null });
    expect(runFiles.of(conditional)).toMatchObject({ tag: "read" });
  });

  test("cannot be had from a file system that does not answer in time, nor while a look is still away", () => {
    const { timers, looks, runFiles, told, look } = files();
    look();
    timers.fire();
    expect([told, runFiles.of(WEB)]).toEqual([
      [null],
      { tag: "unable", reason: "cannot look at its files: a file system has not answered within 15s" },
    ]);
    look();
    expect(looks).toHaveLength(1);
    // It comes back after all: what it says is old, so another one goes.
    looks[0]?.done(answer("old"));
    expect([looks.length, told.length]).toEqual([2, 1]);
    looks[1]?.done(answer("new"));
    expect([told.length, runFiles.of(WEB), timers.waiting]).toEqual([2, answer("new").files, []]);
  });

  test("are told of to nobody who has given up", () => {
    const { timers, looks, runFiles, told, look } = files();
    look();
    runFiles.drop("web");
    looks[0]?.done(answer("1"));
    expect([told, timers.waiting, runFiles.of(WEB).tag]).toEqual([[], [], "unable"]);
  });

  test("say why no thread could look", () => {
    const { looks, runFiles, told, look } = files();
    look(true);
    expect(looks[0]?.request.condition).toBeNull();
    looks[0]?.done("its thread died");
    expect([told, runFiles.of(WEB)]).toEqual([
      [null],
      { tag: "unable", reason: "cannot look at its files: its thread died" },
    ]);
  });
});

describe("the threads that look", () => {
  const REQUEST: LookRequest = { condition: null, host: "host", environmentFiles: [], secrets: {}, output: null };

  function threads() {
    const timers = new LiteralTimers();
    const begun: { readonly listener: LookListener; posted: number; isEnded: boolean }[] = [];
    const looks = new LookThreads(timers, (listener) => {
      const thread = { listener, posted: 0, isEnded: false };
      begun.push(thread);
      return { post: () => void thread.posted++, end: () => void (thread.isEnded = true) };
    });
    const told: (LookAnswer | string)[] = [];
    const ask = (count: number): void => {
      for (let left = count; left > 0; left--) looks.look(REQUEST, (said) => told.push(said));
    };
    return { timers, begun, looks, told, ask };
  }

  test("are one as long as it gets on, and none when nothing was to be looked at for a while", () => {
    const { timers, begun, looks, told, ask } = threads();
    ask(20);
    for (let left = 20; left > 0; left--) begun[0]?.listener.answered(answer("1"));
    expect([begun.length, begun[0]?.posted, told.length]).toEqual([1, 20, 20]);
    while (timers.fire());
    expect([looks.size, begun[0]?.isEnded]).toEqual([0, true]);
    ask(1);
    expect(begun).toHaveLength(2);
  });

  test("become more where one hangs, up to a limit, and the others go on", () => {
    const { timers, begun, looks, told, ask } = threads();
    ask(20);
    while (timers.fire());
    expect([looks.size, told.length]).toEqual([8, 0]);
    for (let left = 13; left > 0; left--) begun[7]?.listener.answered(answer("1"));
    expect(told).toHaveLength(13);
    // Those that hang are not ended: they could not be.
    while (timers.fire());
    expect(looks.size).toBe(7);
  });

  test("that die are replaced, and whose look it was is told", () => {
    const { begun, told, ask } = threads();
    ask(2);
    begun[0]?.listener.ended();
    expect([told, begun.length, begun[1]?.posted]).toEqual([["the thread that looked has died"], 2, 1]);
    begun[0]?.listener.ended();
    begun[0]?.listener.answered(answer("late"));
    expect(told).toHaveLength(1);
  });

  test("that cannot be had are no end of the service", () => {
    const timers = new LiteralTimers();
    const looks = new LookThreads(timers, () => {
      throw new Error("EAGAIN");
    });
    const told: (LookAnswer | string)[] = [];
    looks.look(REQUEST, (said) => told.push(said));
    expect(told).toEqual([]);
    timers.turns();
    expect(told).toEqual(["no thread can be had: EAGAIN"]);
  });
});
