/* What a start reads before it: its conditions, and the files of its environment. */
import { describe, expect, test } from "bun:test";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import type { RunEvent } from "../../src/core/service-event.ts";
import { millis } from "../../src/core/units.ts";
import { EVENTS, STATES, contextOf, told } from "./literal-states.ts";

const FILES = [{ path: "/etc/default/web", optional: false }];
const HOOK = { command: ["/bin/hook"], timeout: millis(60_000) };
const CONDITION = { pathExists: ["/data"], pathMissing: [], fileNotEmpty: [], directoryNotEmpty: [], host: [] };

const reading = contextOf({ environmentFiles: FILES });
const hooked = contextOf({ environmentFiles: FILES, hooks: { ...NO_HOOKS, beforeStart: HOOK } });
const look = { ...STATES.preparing, doing: "look" } as const;
const read = { ...STATES.preparing, doing: "read" } as const;

describe("a start", () => {
  test.each([
    ["an environment file", contextOf({ environmentFiles: FILES }), "preparing (look): look"],
    ["a secret", contextOf({ secrets: { PW: "/run/pw" } }), "preparing (look): look"],
    ["a condition", contextOf({ condition: CONDITION }), "preparing (look): look"],
    ["none of them", contextOf(), "launching after 0: spawn"],
  ])("of a service with %s looks first, or not", (_, context, wanted) => {
    expect(told(STATES.down, EVENTS["start-asked"], context)).toBe(wanted);
  });

  test("goes on once it has looked: with its hook, after which it reads once more, and with the spawn", () => {
    expect(told(look, EVENTS.looked, reading)).toBe("launching after 2: spawn by itself");
    expect(told(look, EVENTS.looked, hooked)).toBe("preparing: run-hook before_start");
    expect(told(STATES.preparing, EVENTS["hook-ended"], hooked)).toBe("preparing (read): look again");
    expect(told(read, EVENTS.looked, hooked)).toBe("launching after 2: spawn by itself");
  });

  test("is over if a condition is not met, and waits again if what it requires has gone meanwhile", () => {
    expect(told(look, EVENTS["condition-unmet"], reading)).toBe("down condition");
    expect(told(read, EVENTS["condition-unmet"], reading)).toBe("=");
    const gate = { reason: 'requires "db"', pending: false };
    expect(told(look, EVENTS.looked, { ...reading, gate })).toBe('waiting on others (requires "db")');
  });

  test.each<[RunEvent["tag"], string]>([
    ["stop-asked", "down stopped: drop-look"],
    ["kill-asked", "down stopped: drop-look"],
    ["restart-asked", "preparing (look): drop-look, look"],
    ["hold-asked", "preparing (look): drop-look, look"],
    ["found-unfit", "failed (there is no user): drop-look"],
    ["start-asked", "="],
    ["spawned", "!"],
  ])("that is still looking waits for nothing at %s", (event, wanted) => {
    for (const state of [look, read]) expect(told(state, EVENTS[event], reading)).toBe(wanted);
  });

  test("that looks in vain later than it was given up is not there any more", () => {
    expect(told(STATES.down, EVENTS.looked, reading)).toBe("=");
    expect(told(STATES.preparing, EVENTS.looked, hooked)).toBe("=");
  });
});
