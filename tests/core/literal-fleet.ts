import { Fleet } from "../../src/core/fleet.ts";
import type { FleetPorts } from "../../src/core/fleet-ports.ts";
import type { ServiceAction, ServiceEvent } from "../../src/core/service-event.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import type { Instant, WallTime } from "../../src/core/units.ts";
import { type DefinitionChanges, literalDefinition } from "./literal-definition.ts";

/** A fleet whose world is the test. Spawns succeed with pids from 1 on, unless `perform` says otherwise. */
export interface LiteralFleet {
  readonly fleet: Fleet;
  /** What was carried out, as "web spawn". */
  readonly performed: string[];
  readonly forgotten: string[];
  readonly failures: string[];
  /** Every public word of a record that changed, as "web down>launching". */
  readonly changes: string[];
  now: number;
  onChange: ((record: ServiceRecord) => void) | null;
  onForgotten: ((service: string) => void) | null;
  perform: ((record: ServiceRecord, action: ServiceAction) => ServiceEvent | null) | null;
  add(changes?: DefinitionChanges): string;
  record(service: string): ServiceRecord;
  exit(service: string, code: number, survivors?: number): void;
}

export const WALL_AT_0 = Date.parse("2026-01-01T00:00:00Z");

export function literalFleet(): LiteralFleet {
  let lastPid = 0;
  const ports: FleetPorts = {
    now: () => world.now as Instant,
    wall: () => (WALL_AT_0 + world.now) as WallTime,
    jitter: () => 0,
    perform(record, action) {
      world.performed.push(`${record.definition.name} ${action.tag}`);
      if (world.perform !== null) return world.perform(record, action);
      return action.tag === "spawn" ? { tag: "spawned", pid: ++lastPid } : null;
    },
    performed: () => {},
    changed(record, previous) {
      const [before, after] = [previous.state.tag, record.state.tag];
      if (before !== after) world.changes.push(`${record.definition.name} ${before}>${after}`);
      world.onChange?.(record);
    },
    annotated: () => {},
    forgotten(record) {
      world.forgotten.push(record.definition.name);
      world.onForgotten?.(record.definition.name);
    },
    failed: (service, error) => void world.failures.push(`${service}: ${String(error)}`),
  };
  const fleet = new Fleet(ports);
  const world: LiteralFleet = {
    fleet,
    performed: [],
    forgotten: [],
    failures: [],
    changes: [],
    now: 0,
    onChange: null,
    onForgotten: null,
    perform: null,
    add(changes = {}) {
      const definition = literalDefinition(changes);
      fleet.add(definition);
      return definition.name;
    },
    record(service) {
      const record = fleet.get(service);
      if (record === null) throw new Error(`there is no service "${service}"`);
      return record;
    },
    exit(service, code, survivors = 0) {
      fleet.post(service, { tag: "exited", exit: { tag: "code", code }, survivors });
    },
  };
  return world;
}
