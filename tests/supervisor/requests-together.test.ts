/*
 * Services that have to do with each other, of which this and that is asked while they end, crash and are defined anew:
 * once all is calm no request waits, and every service is where what is wanted of it and of the others has it.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { gateOf } from "../../src/core/gate.ts";
import { applyDifference, findDifference } from "../../src/supervisor/reload.ts";
import type { Outcome } from "../../src/supervisor/requests.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { literalSupervisor } from "./literal-supervisor.ts";

const NAMES = ["a", "b", "c", "d", "e"] as const;
type Name = (typeof NAMES)[number];
const LINK_KINDS = ["none", "none", "requires", "requires", "bound", "wants", "after", "conflicts"] as const;
type Link = (typeof LINK_KINDS)[number];
/** Of these a reload may change any without a restart. */
const LIVE = new Set(["start", "restart", "requires", "wants", "after", "conflicts"]);

const SHAPE = fc.record({
  /** For each pair how the later one is linked to the earlier one: so there are no circles. */
  links: fc.array(fc.constantFrom<Link>(...LINK_KINDS), { minLength: 10, maxLength: 10 }),
  isManual: fc.boolean(),
  restarts: fc.boolean(),
  there: fc.subarray([...NAMES], { minLength: 3 }),
  oneshots: fc.subarray([...NAMES]),
  renewed: fc.subarray([...NAMES]),
});
type Shape = typeof SHAPE extends fc.Arbitrary<infer Value> ? Value : never;

const SOME = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 });
const DEED = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom("start", "stop", "restart"), to: SOME }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("end", "crash", "reset", "pass"), to: SOME }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("reload"), shape: SHAPE }) },
);
type Deed = typeof DEED extends fc.Arbitrary<infer Value> ? Value : never;

function servicesOf(shape: Shape): readonly DefinitionChanges[] {
  let pair = 0;
  const all = NAMES.map((name, index): DefinitionChanges & { readonly name: Name } => {
    const linked = NAMES.slice(0, index)
      .map((other) => ({ other, link: shape.links[pair++] ?? "none" }))
      .filter(({ other }) => shape.there.includes(other));
    const by = (link: Link): readonly Name[] => linked.filter((one) => one.link === link).map(({ other }) => other);
    const requires = [
      ...by("requires").map((other) => ({ name: other, restartWith: false })),
      ...by("bound").map((other) => ({ name: other, restartWith: true })),
    ];
    const start = shape.isManual || by("conflicts").length > 0 ? "manual" : "auto";
    const type = shape.oneshots.includes(name) ? "oneshot" : "simple";
    const command = [shape.renewed.includes(name) ? "/bin/new" : "/bin/old"];
    const rest = shape.restarts ? {} : ({ restart: { policy: "never" } } as const);
    const links = { requires, wants: by("wants"), after: by("after"), conflicts: by("conflicts") };
    return { name, type, start, command, ...links, ...rest };
  });
  return all.filter(({ name }) => shape.there.includes(name));
}

function operatedFleet(shape: Shape) {
  const world = literalSupervisor();
  const { supervisor, operator, timers } = world;
  const { fleet } = supervisor;
  const asked: { readonly what: string; outcome: Outcome | null }[] = [];
  world.boot(servicesOf(shape));
  const end = (name: Name, code = 0): void => {
    const { pid } = operator.service(name) ?? {};
    if (pid != null) world.end(pid, { tag: "code", code });
  };
  const ask = (goal: "start" | "stop" | "restart", names: readonly Name[]): void => {
    const outcomes = operator.askAll(names, goal, { wait: true, timeout: null });
    for (const [index, outcome] of outcomes.entries()) {
      const one: (typeof asked)[number] = { what: `${goal} ${names[index] ?? ""}`, outcome: null };
      asked.push(one);
      void outcome.then((decided) => (one.outcome = decided));
    }
  };
  const reload = (next: Shape): void => {
    const definitions = servicesOf(next).map(literalDefinition);
    applyDifference(findDifference(fleet, definitions, LIVE), definitions, {
      fleet,
      configure: (definition) => supervisor.configure(definition),
      unfit: () => null,
      startIfAuto: (name) => supervisor.startIfAuto(name, null),
    });
  };
  const perform = (deed: Deed): void => {
    if (deed.does === "reload") reload(deed.shape);
    else if (deed.does === "end") for (const name of deed.to) end(name);
    else if (deed.does === "crash") for (const name of deed.to) end(name, 1);
    else if (deed.does === "reset") for (const name of deed.to) fleet.post(name, { tag: "reset-asked" });
    else if (deed.does === "pass") timers.passTime(300);
    else ask(deed.does, deed.to);
    timers.turns();
  };
  const isUnderWay = (name: Name): boolean => {
    const state = world.stateOf(name);
    return state === "stopping" || (state === "starting" && fleet.get(name)?.definition.type === "oneshot");
  };
  /** What was asked to end ends, and what does its work once is done with it. */
  const calmDown = (): void => {
    for (let rounds = 0; rounds < 100 && NAMES.some(isUnderWay); rounds++)
      for (const name of NAMES.filter(isUnderWay)) end(name);
  };
  return { world, fleet, asked, perform, calmDown };
}

/** What is wrong with a service when all is calm; null: nothing. */
function faultOf(name: Name, { fleet }: Pick<ReturnType<typeof operatedFleet>, "fleet">): string | null {
  const record = fleet.get(name);
  if (record === null) return null;
  const { state, want, held, asked, removed } = record;
  const words = `${name} ${state.tag}, wanted ${want}`;
  if (held !== null || asked !== null || removed) return `${words}, is still to be told something`;
  if (state.tag === "waiting" && want === "up") {
    const gate = gateOf(record, fleet.links, (other) => fleet.get(other));
    const isRight = gate !== null && !gate.pending && gate.reason === state.reason;
    return isRight ? null : `${words}, waits without a reason (${state.reason})`;
  }
  const lives = ["up", "waiting", "backoff"].includes(state.tag);
  const ends = ["down", "done", "failed"].includes(state.tag);
  if (!lives && !ends) return `${words}, is not calm`;
  return (want === "down" && lives) || (want === "up" && state.tag === "down") ? words : null;
}

test("whatever is asked of services with links, each request ends, and each service is where it is wanted", async () => {
  const runs = fc.asyncProperty(SHAPE, fc.array(DEED, { maxLength: 14 }), async (shape, deeds) => {
    const operated = operatedFleet(shape);
    for (const deed of deeds) operated.perform(deed);
    operated.calmDown();
    await new Promise(setImmediate);
    expect(operated.asked.filter(({ outcome }) => outcome === null)).toEqual([]);
    expect(NAMES.flatMap((name) => faultOf(name, operated) ?? [])).toEqual([]);
    expect(operated.world.reports.filter((report) => report.startsWith("crit"))).toEqual([]);
  });
  // DAEMONSUP_SIMULATION_RUNS: a long search, other cases each time.
  const search = process.env["DAEMONSUP_SIMULATION_RUNS"];
  await fc.assert(runs, search === undefined ? { numRuns: 300, seed: 2026 } : { numRuns: Number(search) });
});
