import { describe, expect, test } from "bun:test";
import type { Check } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { network } from "../../src/daemon-ports.ts";
import { Checks } from "../../src/supervisor/checks.ts";
import type { CaptureDone, CommandStart } from "../../src/supervisor/command-request.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { LiteralTimers } from "./literal-timers.ts";
import { listenWithoutAccepting } from "./local-listener.ts";

const COMMAND: Check = { tag: "command", command: ["/bin/check"] };

/** Checks over commands that end when the test says so. */
function literalChecks() {
  const timers = new LiteralTimers();
  const commands: { readonly done: CaptureDone; isKilled: boolean }[] = [];
  const world = {
    timers,
    commands,
    /** Why no command can be started, if none can. */
    refusal: null as string | null,
    /** What was concluded, as "web: exited 0", in order. */
    concluded: [] as string[],
    begin(name = "web", check: Check = COMMAND): () => void {
      const request = { definition: literalDefinition({ name }), check, mainPid: 1, timeout: millis(1_000) };
      return checks.attempt(request, ({ detail }) => void world.concluded.push(`${name}: ${detail}`));
    },
    end(index: number, failure: string | null): void {
      commands[index]?.done(failure, "");
    },
  };
  const checks = new Checks({
    timers,
    network,
    output: { watch: () => {}, unwatch: () => {} },
    commands: {
      capture(_request, _most, done): CommandStart {
        if (world.refusal !== null) return { tag: "failed", reason: world.refusal };
        const command = { done, isKilled: false };
        commands.push(command);
        return { tag: "started", kill: () => (command.isKilled = true) };
      },
    },
  });
  return world;
}

describe("an attempt", () => {
  test("is concluded once, by the end of the command", () => {
    const world = literalChecks();
    world.begin();
    world.end(0, "exited 1");
    expect(world.concluded).toEqual(["web: exited 1"]);
    expect(world.timers.waiting).toEqual([]);
  });

  test("that has ended is not called off any more", () => {
    const world = literalChecks();
    const callOff = world.begin();
    world.end(0, null);
    callOff();
    expect(world.commands[0]?.isKilled).toBe(false);
  });

  test("that cannot begin fails later, not at once", () => {
    const world = literalChecks();
    world.refusal = "pipe failed: EMFILE";
    world.begin();
    expect(world.concluded).toEqual([]);
    world.timers.turns();
    expect(world.concluded).toEqual(["web: pipe failed: EMFILE"]);
  });

  test("whose command cannot be killed fails all the same, some seconds after its limit", () => {
    const world = literalChecks();
    world.begin();
    expect(world.timers.waiting).toEqual([6_000]);
    world.timers.fire();
    expect([world.concluded, world.commands[0]?.isKilled]).toEqual([["web: took longer than 1s"], true]);
    world.end(0, "killed by SIGKILL");
    expect(world.concluded).toHaveLength(1);
  });

  test("by the network ends at its limit", async () => {
    await using full = await listenWithoutAccepting();
    const world = literalChecks();
    world.begin("web", { tag: "tcp", host: "127.0.0.1", port: full.port });
    world.timers.turns();
    expect(world.timers.waiting).toEqual([1_000]);
    world.timers.fire();
    expect(world.concluded).toEqual(["web: took longer than 1s"]);
  });

  test("that is called off kills its command and concludes nothing", () => {
    const world = literalChecks();
    world.begin()();
    expect([world.commands[0]?.isKilled, world.timers.waiting]).toEqual([true, []]);
    world.end(0, "killed by SIGKILL");
    expect(world.concluded).toEqual([]);
  });
});

describe("two commands of one service", () => {
  test("never run at the same time: the second begins when the first is gone", () => {
    const world = literalChecks();
    world.begin()();
    world.begin();
    expect(world.commands).toHaveLength(1);
    world.end(0, "killed by SIGKILL");
    expect(world.commands).toHaveLength(2);
    world.end(1, null);
    expect(world.concluded).toEqual(["web: exited 0"]);
  });

  test("do not pile up behind one that never goes: each attempt fails at its limit, and nothing is started", () => {
    const world = literalChecks();
    world.begin()();
    for (let time = 0; time < 3; time++) {
      world.begin();
      world.timers.fire();
    }
    expect(world.concluded).toEqual(Array.from({ length: 3 }, () => "web: took longer than 1s"));
    world.end(0, "killed by SIGKILL");
    expect(world.commands).toHaveLength(1);
  });

  test("are free to run beside those of another", () => {
    const world = literalChecks();
    world.begin("web");
    world.begin("db");
    expect(world.commands).toHaveLength(2);
  });
});
