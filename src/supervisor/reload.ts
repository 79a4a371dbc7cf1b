/*
 * Reading the configuration again: the difference between what runs and what the files say, and applying it. Nothing at
 * all is changed if anything is invalid.
 */
import type { Definition } from "../core/definition.ts";
import { differenceOf } from "../core/definition-difference.ts";
import type { Fleet } from "../core/fleet.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { hasNoProcess, mainPidOf } from "../core/service-state.ts";

/** Names of services, by what a reload does to them. */
export interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Restarted if they run. */
  readonly changed: readonly string[];
  /** Changed in place, without a restart. */
  readonly adjusted: readonly string[];
  readonly unchanged: readonly string[];
}

export const NO_DIFFERENCE: Difference = { added: [], removed: [], changed: [], adjusted: [], unchanged: [] };

/** `liveFields`: the paths of the fields that may change while a service runs. */
export function findDifference(
  fleet: Fleet,
  definitions: readonly Definition[],
  liveFields: ReadonlySet<string>,
): Difference {
  const difference = {
    added: [] as string[],
    removed: [] as string[],
    changed: [] as string[],
    adjusted: [] as string[],
    unchanged: [] as string[],
  };
  const kept = new Set<string>();
  for (const definition of definitions) {
    kept.add(definition.name);
    difference[kindOf(fleet.get(definition.name), definition, liveFields)].push(definition.name);
  }
  for (const record of fleet.records()) {
    if (!kept.has(record.definition.name) && !record.removed) difference.removed.push(record.definition.name);
  }
  difference.removed.sort();
  return difference;
}

function kindOf(
  record: ServiceRecord | null,
  definition: Definition,
  liveFields: ReadonlySet<string>,
): Exclude<keyof Difference, "removed"> {
  if (record === null || record.removed) return "added";
  switch (differenceOf(record.next ?? record.definition, definition, liveFields)) {
    case "same":
      return "unchanged";
    case "live":
      return "adjusted";
    case "restart":
      return "changed";
  }
}

/** What applying a difference needs of the supervisor. */
export interface ReloadPorts {
  readonly fleet: Fleet;
  configure(definition: Definition): void;
  /** What the machine lacks for the service; null: nothing. */
  unfit(name: string): string | null;
  /** Starts a service that is new, if its definition says so. */
  startIfAuto(name: string): void;
}

/** What no longer needs a service that is removed is told so first; what is to be started is, once all of it is known, in order. */
export function applyDifference(difference: Difference, definitions: readonly Definition[], ports: ReloadPorts): void {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const { links } = ports.fleet;
  const starts: string[] = [];
  const later: ReloadPorts = { ...ports, startIfAuto: (name) => void starts.push(name) };
  for (const name of difference.adjusted) withDefinition(byName, name, (definition) => adjust(definition, later));
  for (const name of difference.removed) ports.fleet.remove(name);
  for (const name of links.inStartOrder(difference.changed).toReversed())
    withDefinition(byName, name, (definition) => change(definition, later));
  for (const name of difference.added) withDefinition(byName, name, (definition) => addService(definition, later));
  for (const name of links.inStartOrder(starts)) ports.startIfAuto(name);
}

function adjust(definition: Definition, ports: ReloadPorts): void {
  const before = ports.fleet.get(definition.name);
  ports.configure(definition);
  ports.fleet.redefine(definition.name, definition, "live");
  if (before === null) return;
  if (isNewlyAuto(before, definition)) return ports.startIfAuto(definition.name);
  // What is called by a schedule or a socket may have got one, or another, or none.
  if (before.want === "up" && hasNoProcess(before.state) && before.state.tag !== "backoff" && isCalled(definition))
    return ports.fleet.enable(definition.name);
  if (before.state.tag === "waiting" && before.state.on !== "others" && !isCalled(definition))
    uncall(definition.name, ports);
}

/** Nothing will call it any more, and that is no reason to run it now. */
function uncall(service: string, { fleet }: ReloadPorts): void {
  fleet.post(service, { tag: "stop-asked" });
  fleet.amend(service, { note: "its schedule was taken out; it runs when it is started" });
}

function isCalled({ schedule, sockets }: Definition): boolean {
  return schedule !== null || sockets.some((socket) => socket.onDemand);
}

function change(definition: Definition, ports: ReloadPorts): void {
  const { fleet, configure, startIfAuto } = ports;
  const before = fleet.get(definition.name);
  const unfit = ports.unfit(definition.name);
  // What runs is not stopped for something that cannot be started.
  if (unfit !== null && before !== null && mainPidOf(before.state) !== null) {
    fleet.amend(definition.name, {
      stale: true,
      note: `the old definition runs on, the new one cannot be started: ${unfit}`,
    });
    return;
  }
  configure(definition);
  fleet.redefine(definition.name, definition, "restart");
  if (before === null) return;
  if (isNewlyAuto(before, definition)) return startIfAuto(definition.name);
  if (before.want === "down") return;
  if (unfit !== null) {
    fleet.post(definition.name, { tag: "found-unfit", reason: unfit });
    return;
  }
  // A oneshot that is done is not run again by itself: it may be a migration.
  if (before.state.tag === "done" && definition.type === "oneshot") fleet.amend(definition.name, { stale: true });
  else if (before.state.tag === "waiting") fleet.enable(definition.name);
  else fleet.restart(definition.name, false);
}

/** true: the definition starts it now and did not before, and no operator has said anything else. */
export function isNewlyAuto(before: ServiceRecord, definition: Definition): boolean {
  const was = (before.next ?? before.definition).start;
  return was === "manual" && definition.start === "auto" && before.want === "down" && !before.wantedByHand;
}

function addService(definition: Definition, ports: ReloadPorts): void {
  const { fleet, configure, startIfAuto } = ports;
  configure(definition);
  // Its predecessor of the same name may still be stopping: it is kept, and started again with the new definition.
  if (fleet.get(definition.name) === null) fleet.add(definition);
  else fleet.redefine(definition.name, definition, "restart");
  startIfAuto(definition.name);
}

function withDefinition(
  byName: ReadonlyMap<string, Definition>,
  name: string,
  use: (definition: Definition) => void,
): void {
  const definition = byName.get(name);
  if (definition !== undefined) use(definition);
}
