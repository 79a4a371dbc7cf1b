import { expect, test } from "bun:test";
import { planReload } from "../../src/supervisor/plan-reload.ts";
import { findDifference } from "../../src/supervisor/reload.ts";
import type { SchedulePolicy } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { literalFleet } from "../core/literal-fleet.ts";

const LIVE = new Set(["description", "start", "restart", "reload"]);
const NIGHTLY: SchedulePolicy = {
  cron: "@daily",
  every: null,
  timezone: null,
  jitter: millis(0),
  catchUp: false,
  overlap: "skip",
};

/** What would become of "web" if it ran as `before` and its definition were `after`; null: none. */
function effectOf(
  before: DefinitionChanges | null,
  after: DefinitionChanges | null,
  { unfit = null, wanted = true }: { readonly unfit?: string | null; readonly wanted?: boolean } = {},
): string {
  const { fleet, add } = literalFleet();
  if (before !== null) {
    add(before);
    if (wanted) fleet.want("web", "up", false);
  }
  const definitions = after === null ? [] : [literalDefinition(after)];
  const difference = findDifference(fleet, definitions, LIVE);
  const [planned] = planReload(difference, definitions, { fleet, unfit: () => unfit });
  return planned === undefined ? "" : `${planned.change}: ${planned.effect}`;
}

const OTHER = { command: ["/bin/other"] };
const cases: readonly (readonly [string, string])[] = [
  [effectOf(null, {}), "added: would be started"],
  [effectOf(null, { start: "manual" }), 'added: would stay down, its start is "manual"'],
  [effectOf(null, { schedule: NIGHTLY }), "added: would wait for its schedule"],
  [effectOf(null, {}, { unfit: "there is no program" }), "added: would fail: there is no program"],
  [effectOf({}, null), "removed: would be stopped (pid 1)"],
  [effectOf({}, null, { wanted: false }), "removed: would be forgotten, nothing of it runs"],
  [effectOf({}, OTHER), "changed: would be restarted (pid 1)"],
  [
    effectOf({}, OTHER, { wanted: false }),
    "changed: would stay down, and be started with the new definition when asked",
  ],
  [
    effectOf({}, OTHER, { unfit: "there is no program" }),
    "changed: would run on with its old definition (pid 1), the new one cannot be started: there is no program",
  ],
  [effectOf({ start: "manual" }, OTHER, { wanted: false }), "changed: would be started"],
  [effectOf({ schedule: NIGHTLY }, { schedule: NIGHTLY, ...OTHER }), "changed: would be restarted (pid 1)"],
  [
    effectOf({}, { description: "new" }),
    "adjusted: would be changed in place and run on (pid 1), and get SIGHUP if it catches that",
  ],
  [effectOf({}, { description: "new" }, { wanted: false }), "adjusted: would be changed in place"],
  [effectOf({ start: "manual" }, {}, { wanted: false }), "adjusted: would be started"],
  [effectOf({}, {}), "unchanged: would get SIGHUP if it catches that"],
  [effectOf({}, {}, { wanted: false }), "unchanged: nothing"],
];

test.each(cases)("%s", (effect, wanted) => expect(effect).toBe(wanted));

test.each([
  [{ signal: "SIGUSR1", signalIsWritten: true }, "would get SIGUSR1"],
  [{ action: "command" }, "would run its reload.command"],
  [{ action: "restart" }, 'would be restarted, as its reload.action is "restart"'],
  [{ action: "none" }, "nothing"],
] as const)("what is unchanged does its own reload: %j", (reload, effect) => {
  expect(effectOf({ reload }, { reload })).toBe(`unchanged: ${effect}`);
});

test("a oneshot that is done is not run again", () => {
  const { fleet, add, exit } = literalFleet();
  add({ type: "oneshot" });
  fleet.want("web", "up", false);
  exit("web", 0);
  const definitions = [literalDefinition({ type: "oneshot", ...OTHER })];
  const plan = planReload(findDifference(fleet, definitions, LIVE), definitions, { fleet, unfit: () => null });
  expect(plan).toEqual([
    { name: "web", change: "changed", effect: "would not be run again, it is done; restart runs it" },
  ]);
});
