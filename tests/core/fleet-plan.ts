/* What happens to a simulated fleet, as fast-check chooses it, and how it is carried out. */
import fc from "fast-check";
import type { Definition } from "../../src/core/definition.ts";
import {
  type ConditionPolicy,
  type Hook,
  type HookPolicies,
  NO_HOOKS,
  type ReadyPolicy,
  type SchedulePolicy,
  type SocketPolicy,
} from "../../src/core/life-policies.ts";
import { isAtRest } from "../../src/core/service-state.ts";
import { millis } from "../../src/core/units.ts";
import { FakeWorld } from "./fake-world.ts";
import { FleetInvariants } from "./fleet-invariants.ts";
import { literalDefinition } from "./literal-definition.ts";

const KINDS = [
  "start",
  "stop",
  "restart",
  "reset",
  "reload",
  "kill",
  "adjust",
  "change",
  "remove",
  "add",
  "end",
  "wait",
  "die",
] as const;

export interface Deed {
  readonly kind: (typeof KINDS)[number];
  /** Which service; taken modulo their number. */
  readonly on: number;
  /** In milliseconds, before the deed. */
  readonly after: number;
  readonly choice: number;
}

export interface Plan {
  readonly seed: number;
  readonly services: readonly Shape[];
  readonly deeds: readonly Deed[];
}

const rarely = fc.integer({ min: 0, max: 5 }).map((number) => number === 0);
const duration = (...values: readonly number[]) => fc.constantFrom(...values).map(millis);

const policy = fc.record({
  policy: fc.constantFrom("always", "on-failure", "on-abnormal", "never"),
  delay: duration(0, 1, 100, 1_000),
  maxDelay: duration(0, 1_000, 30_000),
  resetAfter: duration(0, 500, 10_000),
  limit: fc.option(fc.record({ count: fc.integer({ min: 1, max: 4 }), within: duration(1_000, 60_000) })),
  success: fc.constantFrom([0], [0, "SIGTERM"] as const),
  prevent: fc.constantFrom([], [78]),
});
const stop = fc.record({
  command: fc.constantFrom(null, null, ["/bin/stop"]),
  timeout: duration(0, 50, 3_000, 10_000),
  scope: fc.constantFrom("group", "mixed", "main"),
});
const shape = fc.record({
  type: fc.constantFrom("simple", "oneshot", "forking"),
  start: fc.constantFrom("auto", "manual"),
  critical: fc.boolean(),
  restart: policy,
  stop,
  reload: fc.record({ action: fc.constantFrom("signal", "restart", "none"), signalIsWritten: fc.boolean() }),
  life: fc.record({
    isAwaited: fc.boolean(),
    hasCondition: rarely,
    readsFiles: rarely,
    hooks: fc.record({ beforeStart: rarely, afterStart: rarely, beforeStop: rarely, afterStop: rarely }),
    called: fc.constantFrom("by-nobody", "by-nobody", "by-nobody", "by-schedule", "by-socket"),
  }),
  /** Which others, as numbers to be taken modulo how many come before it; for conflicts, modulo all. */
  links: fc.record({
    requires: fc.array(fc.record({ on: fc.nat(199), restartWith: fc.boolean() }), { maxLength: 3 }),
    wants: fc.array(fc.nat(199), { maxLength: 2 }),
    after: fc.array(fc.nat(199), { maxLength: 2 }),
    conflicts: fc.array(fc.nat(199), { maxLength: 1, size: "xsmall" }),
  }),
});
export type Shape = typeof shape extends fc.Arbitrary<infer Value> ? Value : never;

const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom(...KINDS),
  on: fc.nat(199),
  after: fc.constantFrom(0, 0, 0, 1, 7, 40, 300, 2_000, 5_000, 11_000, 65_000),
  choice: fc.nat(1_000),
});

const NO_CONDITIONS: ConditionPolicy = {
  pathExists: [],
  pathMissing: [],
  fileNotEmpty: [],
  directoryNotEmpty: [],
  host: [],
};
const HOURLY: SchedulePolicy = {
  cron: "@hourly",
  every: null,
  timezone: null,
  jitter: millis(0),
  catchUp: false,
  overlap: "skip",
};
const SOCKET: SocketPolicy = {
  name: "s",
  listen: { tag: "unix", path: "/run/s.sock" },
  backlog: 1,
  reusePort: false,
  mode: 0o600,
  owner: null,
  group: null,
  onDemand: true,
};

/** Fleets of one to `most` services; in the small ones more happens to each. */
export function planOf(most: number, deeds: number): fc.Arbitrary<Plan> {
  return fc.record({
    seed: fc.integer(),
    services: fc.array(shape, { minLength: 1, maxLength: most, size: "max" }),
    deeds: fc.array(deed, { maxLength: deeds, size: "max" }),
  });
}

/** Carries the plan out, then stops everything; throws at the first thing that must not be. */
export function carryOut(plan: Plan): {
  readonly steps: number;
  readonly spawns: number;
  readonly deaths: number;
  readonly visited: Iterable<string>;
} {
  const invariants = new FleetInvariants();
  const world = new FakeWorld(plan.seed, invariants);
  invariants.watch(world);
  const stage: Stage = { plan, world, invariants };
  for (const index of plan.services.keys()) add(stage, index, plan.seed + index);
  for (const next of plan.deeds) {
    world.advance(next.after, next.choice % 3 === 0 ? next.choice % 20 : 0);
    doOne(stage, next);
    world.settle();
  }
  world.advance(200_000);
  stopEverything(stage);
  return { steps: world.steps, spawns: invariants.spawns, deaths: world.deaths, visited: invariants.visited };
}

interface Stage {
  readonly plan: Plan;
  readonly world: FakeWorld;
  readonly invariants: FleetInvariants;
}

function doOne(stage: Stage, { kind, on, choice }: Deed): void {
  const { fleet } = stage.world;
  const index = on % stage.plan.services.length;
  const service = `s${index}`;
  const record = fleet.get(service);
  if (kind === "add") return add(stage, index, choice);
  if (record === null) return;
  // Nobody but a stop is let through to a service that is being removed.
  if (record.removed && !["stop", "end", "kill", "die"].includes(kind)) return;
  switch (kind) {
    case "start":
      stage.invariants.broughtIn(service, true);
      return fleet.want(service, "up", true);
    case "stop":
      stage.invariants.asked(service, "down");
      return fleet.want(service, "down", true);
    case "restart":
      stage.invariants.broughtIn(service, true);
      return fleet.restart(service, true);
    case "reset":
      stage.invariants.reset(record);
      return fleet.post(service, { tag: "reset-asked" });
    case "reload":
      return reload(stage, service);
    case "kill":
      stage.invariants.asked(service, "overruled");
      return fleet.kill(service);
    case "adjust":
    case "change":
      return redefine(stage, service, { kind, choice });
    case "remove":
      stage.invariants.removed(service);
      return fleet.remove(service);
    case "die":
      return stage.world.die(choice % 3 === 0 ? 0 : choice % 11, choice % 2 === 0);
    case "end":
      return stage.world.fates.endOne(service, choice);
    case "wait":
      return;
  }
}

function definitionOf(stage: Stage, name: string, choice: number): Definition {
  const index = Number(name.slice(1)) + choice;
  const { services } = stage.plan;
  const chosen = services[Math.abs(index) % services.length] as Shape;
  const { life: _life, links, ...rest } = chosen;
  return literalDefinition({ ...rest, ...lifeOf(chosen), ...linksOf(stage, name, links), name });
}

const HOOK: Hook = { command: ["/bin/hook"], timeout: millis(60_000) };

function lifeOf({ type, life }: Shape): Partial<Definition> {
  const hooks = Object.entries(life.hooks).map(([name, isThere]) => [name, isThere ? HOOK : null]);
  const ready: ReadyPolicy = { method: { tag: "notify" }, timeout: millis(60_000), interval: millis(200) };
  return {
    ready: life.isAwaited && type !== "oneshot" ? ready : null,
    condition: life.hasCondition ? NO_CONDITIONS : null,
    environmentFiles: life.readsFiles ? [{ path: "/etc/default/service", optional: false }] : [],
    hooks: { ...NO_HOOKS, ...(Object.fromEntries(hooks) as Partial<HookPolicies>) },
    schedule: life.called === "by-schedule" && type === "oneshot" ? HOURLY : null,
    sockets: life.called === "by-socket" ? [SOCKET] : [],
  };
}

/** Only on services that come before it, so that there is no cycle. */
function linksOf(stage: Stage, name: string, links: Shape["links"]): Partial<Definition> {
  const own = Number(name.slice(1));
  const earlier = (numbers: readonly number[]): string[] =>
    own === 0 ? [] : [...new Set(numbers.map((number) => `s${number % own}`))];
  const requires = links.requires.map(({ on, restartWith }) => ({ name: earlier([on])[0] ?? "", restartWith }));
  const wanted = new Set([...requires.map((requirement) => requirement.name), ...earlier(links.wants)]);
  return {
    requires: requires.filter((requirement) => requirement.name !== ""),
    wants: earlier(links.wants),
    after: earlier(links.after),
    conflicts: links.conflicts
      .map((number) => `s${number % stage.plan.services.length}`)
      .filter((rival) => rival !== name && !wanted.has(rival)),
  };
}

/** A new service, or one whose removal is taken back. */
function add(stage: Stage, index: number, choice: number): void {
  const { fleet } = stage.world;
  const service = `s${index}`;
  const definition = definitionOf(stage, service, choice);
  const record = fleet.get(service);
  if (record !== null && !record.removed) return;
  stage.invariants.defined(service, record?.definition ?? definition);
  if (record === null) fleet.add(definition);
  else fleet.redefine(service, definition, "restart");
  const want = definition.start === "auto" ? "up" : "down";
  stage.invariants.asked(service, want);
  fleet.amend(service, { want, wantedByHand: false });
  if (want === "down") return fleet.stop(service);
  if (choice % 7 === 0) return fleet.post(service, { tag: "found-unfit", reason: "unfit" });
  stage.invariants.broughtIn(service, false);
  fleet.enable(service);
}

function reload(stage: Stage, service: string): void {
  const record = stage.world.fleet.get(service);
  if (record?.state.tag === "up" && record.definition.reload.action === "restart")
    stage.invariants.asked(service, "up");
  stage.world.fleet.post(service, { tag: "reload-asked" });
}

function redefine(
  stage: Stage,
  service: string,
  { kind, choice }: { kind: "adjust" | "change"; choice: number },
): void {
  const { fleet } = stage.world;
  const record = fleet.get(service);
  if (record === null) return;
  const chosen = definitionOf(stage, service, choice);
  const { type, pidFile } = record.next ?? record.definition;
  if (kind === "adjust") {
    const adjusted = { ...chosen, type, pidFile };
    if (record.next === null) stage.invariants.defined(service, adjusted);
    return fleet.redefine(service, adjusted, "live");
  }
  fleet.redefine(service, chosen, "restart");
  if (record.want === "down") return;
  if (record.state.tag === "done" && chosen.type === "oneshot") return fleet.amend(service, { stale: true });
  stage.invariants.broughtIn(service, false);
  if (record.state.tag === "waiting") return fleet.enable(service);
  fleet.restart(service, false);
}

/** As a shutdown does: everything ends, but for what cannot be killed. */
function stopEverything({ world, invariants }: Stage): void {
  world.survive();
  for (const record of world.fleet.records()) invariants.asked(record.definition.name, "overruled");
  invariants.closing();
  world.fleet.stopAll();
  world.settle();
  for (let round = 0; round < 40; round++) world.advance(30_000);
  for (const { state, definition } of world.fleet.records()) {
    if (isAtRest(state)) continue;
    const left = world.processes.membersOf(definition.name);
    const hanging = left.filter((process) => process.isKilled && process.endsOnKill === null);
    const isWhole = hanging.length === left.length || (state.tag === "stuck" && state.scope === "main");
    if (state.tag === "stuck" && hanging.length > 0 && isWhole) continue;
    invariants.broken(`${definition.name} does not end: ${JSON.stringify(state)}`);
  }
}
