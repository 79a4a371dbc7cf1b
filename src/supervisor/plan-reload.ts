/* What a reload would do to each service, told in words before it is done. */
import type { Definition } from "../core/definition.ts";
import type { Fleet } from "../core/fleet.ts";
import { type ServiceRecord, pidOf } from "../core/service-record.ts";
import { hasNoProcess, mainPidOf } from "../core/service-state.ts";
import { type Difference, isNewlyAuto } from "./reload.ts";

export interface PlannedChange {
  readonly name: string;
  readonly change: keyof Difference;
  /** A clause without a subject: "would be restarted (pid 12)". */
  readonly effect: string;
}

export interface PlanPorts {
  readonly fleet: Fleet;
  /** What the machine lacks for the service; null: nothing. */
  unfit(name: string): string | null;
}

/** What would become of each service, in the order of their names. */
export function planReload(
  difference: Difference,
  definitions: readonly Definition[],
  ports: PlanPorts,
): readonly PlannedChange[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const kinds = Object.entries(difference) as [keyof Difference, readonly string[]][];
  return kinds
    .flatMap(([change, names]) =>
      names.map((name) => ({
        name,
        change,
        effect: effectOf(change, name, { ...ports, definition: byName.get(name) }),
      })),
    )
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

interface Subject extends PlanPorts {
  readonly definition: Definition | undefined;
}

function effectOf(change: keyof Difference, name: string, subject: Subject): string {
  const record = subject.fleet.get(name);
  if (change === "removed") return removalOf(record);
  if (subject.definition === undefined) return "nothing";
  const { definition } = subject;
  const unfit = subject.unfit(name);
  switch (change) {
    case "added":
      return additionOf(definition, unfit);
    case "changed":
      return record === null ? "nothing" : changeOf(record, definition, unfit);
    case "adjusted":
      return record === null ? "nothing" : adjustmentOf(record, definition);
    case "unchanged":
      return record === null ? "nothing" : relayTo(record);
  }
}

function removalOf(record: ServiceRecord | null): string {
  return record === null || hasNoProcess(record.state)
    ? "would be forgotten, nothing of it runs"
    : `would be stopped${pidWordsOf(record)}`;
}

function additionOf(definition: Definition, unfit: string | null): string {
  if (definition.start === "manual") return 'would stay down, its start is "manual"';
  if (unfit !== null) return `would fail: ${unfit}`;
  if (definition.schedule !== null) return "would wait for its schedule";
  if (definition.sockets.some((socket) => socket.onDemand)) return "would wait for the first connection";
  return "would be started";
}

function changeOf(record: ServiceRecord, definition: Definition, unfit: string | null): string {
  if (unfit !== null && mainPidOf(record.state) !== null)
    return `would run on with its old definition${pidWordsOf(record)}, the new one cannot be started: ${unfit}`;
  if (isNewlyAuto(record, definition)) return additionOf(definition, unfit);
  if (record.want === "down") return "would stay down, and be started with the new definition when asked";
  if (unfit !== null) return `would fail: ${unfit}`;
  if (record.state.tag === "done" && definition.type === "oneshot")
    return "would not be run again, it is done; restart runs it";
  if (record.state.tag === "waiting") return "would go on waiting, with the new definition";
  return mainPidOf(record.state) === null ? "would be started anew" : `would be restarted${pidWordsOf(record)}`;
}

function adjustmentOf(record: ServiceRecord, definition: Definition): string {
  if (isNewlyAuto(record, definition)) return additionOf(definition, null);
  const words = relayWordsOf(record, definition);
  const relay = words === null ? "" : `, and ${words}`;
  return hasNoProcess(record.state)
    ? "would be changed in place"
    : `would be changed in place and run on${pidWordsOf(record)}${relay}`;
}

function relayTo(record: ServiceRecord): string {
  const words = relayWordsOf(record, record.definition);
  return words === null ? "nothing" : `would ${words}`;
}

/** Every service that is up and is not restarted does its [reload]; null: it has none. */
function relayWordsOf({ state }: ServiceRecord, { reload }: Definition): string | null {
  if (state.tag !== "up") return null;
  switch (reload.action) {
    case "none":
      return null;
    case "restart":
      return 'be restarted, as its reload.action is "restart"';
    case "command":
      return "run its reload.command";
    case "signal":
      return reload.signalIsWritten ? `get ${reload.signal}` : `get ${reload.signal} if it catches that`;
  }
}

function pidWordsOf(record: ServiceRecord): string {
  const pid = pidOf(record);
  return pid === null ? "" : ` (pid ${pid})`;
}
