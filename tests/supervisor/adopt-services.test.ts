import { expect, test } from "bun:test";
import type { SavedService } from "../../src/core/saved-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { newRecord } from "../../src/core/service-record.ts";
import { millis } from "../../src/core/units.ts";
import type { Remembered } from "../../src/supervisor/predecessor.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES } from "../core/literal-states.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const WEB = { name: "web", restart: { ...literalDefinition({}).restart, delay: millis(0) } };

/** A supervisor that goes on with a service whose main process has ended while none ran; what it has written down by then. */
function notesAfter(state: ServiceState): readonly string[] {
  const world = literalSupervisor();
  const record = { ...newRecord(literalDefinition(WEB), world.timers.wall()), want: "up" as const, state };
  const remembered: Remembered = {
    service: "web",
    want: null,
    invocation: "f".repeat(32),
    main: null,
    isMainGone: true,
    exit: null,
  };
  const saved: SavedService = { record, actions: [], run: null };
  world.boot([WEB], [remembered], new Map([["web", saved]]));
  world.timers.passTime(60_000);
  world.timers.turns();
  return world.memory.filter((note) => note.endsWith(" web"));
}

test("an end that only a successor finds is written down before the service is started again", () => {
  expect(notesAfter(STATES.up)).toEqual(["exited web", "intend web"]);
});

test("the end of a spawn that was under way is told by the trace of its process until the next spawn", () => {
  expect(notesAfter(STATES.launching)).toEqual(["intend web"]);
});
