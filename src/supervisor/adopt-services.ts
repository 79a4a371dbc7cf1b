/*
 * How a supervisor begins: with the services as a predecessor has left them, should one have died, and with new ones. Every
 * service is in its place before anything follows from it, and nothing is stopped or started again because of the death.
 */
import type { Definition } from "../core/definition.ts";
import type { Fleet } from "../core/fleet.ts";
import { type Evidence, type Restoration, restoreRecord, restoreUnknown } from "../core/restore-record.ts";
import type { SavedService } from "../core/saved-record.ts";
import { newRecord } from "../core/service-record.ts";
import { hasNoProcess, mainPidOf } from "../core/service-state.ts";
import { millis } from "../core/units.ts";
import type { Belongings } from "./belongings.ts";
import { readCommandNotes } from "./command-notes.ts";
import type { Companions } from "./companions.ts";
import type { Departures } from "./departures.ts";
import { DIRECT_BEGINNING, readBeginning } from "./direct-beginnings.ts";
import type { Launcher } from "./launcher.ts";
import { placeholderFor } from "./placeholder.ts";
import type { ClockPort, MemoryPort, OutputPort, ProcessPort, Report, TimerPort } from "./ports.ts";
import { ProcessSnapshot } from "./process-snapshot.ts";
import { type Leftover, type Remembered, findLeftovers } from "./predecessor.ts";

/** What the supervisor starts out with. */
export interface Beginnings {
  readonly definitions: readonly Definition[];
  /** What the machine lacks, by service. */
  readonly unfit: Readonly<Record<string, string>>;
  readonly remembered: readonly Remembered[];
  /** What a predecessor that died has written of its services, as far as it can be read, with the actions that are not done. */
  readonly saved: ReadonlyMap<string, SavedService>;
  /** true: a shutdown had begun with which nobody goes on; what it has ended is to run again. */
  readonly isCutOff: boolean;
}

export interface AdoptionPorts {
  readonly fleet: Fleet;
  readonly belongings: Belongings;
  readonly departures: Departures;
  readonly launcher: Launcher;
  readonly companions: Pick<Companions, "adopted" | "starts">;
  readonly output: Pick<OutputPort, "adopted" | "resume">;
  readonly processes: ProcessPort;
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  readonly memory: Pick<MemoryPort, "keep" | "exited">;
  readonly report: Report;
  /** The service is new here. */
  configure(definition: Definition): void;
}

interface Adopted extends Restoration {
  readonly leftover: Leftover | null;
}

/** How often it is looked whether an exec has returned that a predecessor began. */
const EXEC_POLL = millis(10);

/**
 * What the mapping should have said of services of which it says nothing, as it was damaged: the main process that the record of
 * a service names, if its environment says that it is the service's.
 */
function remember({ remembered, saved }: Beginnings, processes: ProcessPort): readonly Remembered[] {
  const known = new Set(remembered.map(({ service }) => service));
  const unknown = [...saved].filter(([service]) => !known.has(service));
  return unknown.flatMap(([service, { record }]) => {
    const row = processes.row(mainPidOf(record.state) ?? 0);
    const environment = row === null ? null : processes.environment(row.pid);
    const invocation = environment?.get("INVOCATION_ID");
    if (row === null || invocation === undefined || environment?.get("DAEMONSUP_SERVICE") !== service) return [];
    const want = record.wantedByHand ? record.want : null;
    return [{ service, want, invocation, main: row, isMainGone: false, exit: null }];
  });
}

/** Puts all services in their places and goes on with those that were left. Returns the names of these. */
export function adoptServices(told: Beginnings, ports: AdoptionPorts): ReadonlySet<string> {
  const { fleet, clock } = ports;
  const beginnings = { ...told, remembered: [...told.remembered, ...remember(told, ports.processes)] };
  const adopted: Adopted[] = [];
  const leftovers = leftoversOf(beginnings, ports.processes);
  const memories = new Map(beginnings.remembered.map((memory) => [memory.service, memory]));
  const definitions = new Map(beginnings.definitions.map((definition) => [definition.name, definition]));
  const wall = clock.wall();
  for (const service of new Set([...definitions.keys(), ...beginnings.saved.keys(), ...leftovers.keys()])) {
    const memory = memories.get(service) ?? null;
    const definition = definitions.get(service) ?? null;
    const leftover = leftovers.get(service) ?? null;
    const what = { definition, saved: beginnings.saved.get(service) ?? null, leftover, memory };
    const restoration = isUnknown(what) ? null : restorationOf(service, what, ports);
    if (restoration === null) {
      if (definition === null) continue;
      ports.configure(definition);
      // It is written down when it starts: until then a successor finds by its definition as much.
      const want = definition.start === "auto" ? "up" : "down";
      fleet.place({ ...newRecord(definition, wall), want });
      if (want === "up") ports.companions.starts.awaits(service);
      continue;
    }
    const { record } = restoration;
    ports.configure(record.next ?? record.definition);
    fleet.place(record);
    adopted.push({ ...restoration, leftover });
  }
  for (const each of adopted) hold(each, ports);
  for (const { service, run } of ports.output.adopted()) ports.launcher.adopted(service, run);
  for (const [service, { run }] of beginnings.saved) if (run !== null) ports.launcher.adopted(service, run);
  for (const { record, leftover } of adopted) {
    const direct = readBeginning(record.beside[DIRECT_BEGINNING]);
    if (direct !== null) ports.launcher.goesOn(record.definition.name, direct);
    const run = leftover === null ? null : { invocation: leftover.invocation, pid: leftover.main };
    ports.companions.adopted(record, run);
  }
  // Only now: a line that a companion waits for may be the first that is read.
  ports.output.resume();
  tell(adopted, ports);
  for (const each of adopted) noteEnds(each, ports);
  fleet.resume(adopted);
  for (const { record } of adopted) awaitExec(record.definition.name, ports);
  return new Set(adopted.map(({ record }) => record.definition.name));
}

/** Commands beside a service, with what is below them, are no processes of its run: whoever waits for them finds them. */
function leftoversOf({ remembered, saved }: Beginnings, processes: ProcessPort): ReadonlyMap<string, Leftover> {
  const leftovers = findLeftovers(remembered, processes).flatMap((left) => {
    const record = saved.get(left.service)?.record;
    const noted = record === undefined ? [] : readCommandNotes(record).map(([, note]) => note.pid);
    if (noted.length === 0) return [left];
    const commands = new ProcessSnapshot(left.rows).closure(left.rows.filter(({ pid }) => noted.includes(pid)));
    const rows = left.rows.filter((row) => row.pid === left.main || !commands.includes(row));
    return rows.length === 0 ? [] : [{ ...left, rows }];
  });
  return new Map(leftovers.map((left) => [left.service, left]));
}

interface What {
  /** null: its definition is gone. */
  readonly definition: Definition | null;
  readonly saved: SavedService | null;
  readonly leftover: Leftover | null;
  readonly memory: Remembered | null;
}

/** true: no predecessor has left anything of it. */
function isUnknown({ saved, leftover, memory }: What): boolean {
  return saved === null && leftover === null && memory === null;
}

function restorationOf(service: string, what: What, ports: AdoptionPorts): Restoration | null {
  const { definition, saved, memory } = what;
  const evidence = evidenceOf(what, ports);
  // A process that its record knows nothing of: the record was damaged.
  if (saved !== null && !(evidence.main !== null && hasNoProcess(saved.record.state)))
    return restoreRecord(saved, evidence);
  const known = saved?.record.definition ?? definition;
  const want = memory?.want ?? (known?.start === "auto" ? "up" : "down");
  const [now, wall] = [ports.clock.now(), ports.clock.wall()];
  if (known !== null) {
    const restored = restoreUnknown(known, evidence, { want, now, wall });
    if (restored === null || memory?.want === null || memory === null) return restored;
    return { ...restored, record: { ...restored.record, wantedByHand: true } };
  }
  const gone = restoreUnknown(placeholderFor(service), evidence, { want: "down", now, wall });
  return gone === null ? null : { ...gone, record: { ...gone.record, removed: true } };
}

function evidenceOf({ leftover, memory, saved }: What, { processes }: AdoptionPorts): Evidence {
  const exit = memory?.exit ?? null;
  // Also one that was there a moment ago: ended, and somebody else's to reap.
  const isMainGone = memory !== null && (memory.isMainGone || memory.main !== null);
  if (leftover === null) return { main: null, isMainGone, others: 0, exit };
  const { main, rows, invocation } = leftover;
  if (main === null) return { main: null, isMainGone, others: rows.length, exit };
  const state = saved?.record.state ?? null;
  // Of whom it was noted, it need not be looked at.
  const isNoted = state !== null && state.tag !== "execing" && mainPidOf(state) === main;
  const found = { pid: main, hasExecuted: isNoted || hasExecuted(main, invocation, processes) };
  return { main: found, isMainGone, others: rows.length - 1, exit };
}

/** Until its exec, a child has the environment and the name of its parent. What it has made of these since is its own concern. */
function hasExecuted(pid: number, invocation: string, processes: ProcessPort): boolean {
  const environment = processes.environment(pid);
  if (environment === null || environment.get("INVOCATION_ID") === invocation) return true;
  return processes.name(pid) !== processes.name(processes.ownPid);
}

/** Takes hold of what is left of the run. */
function hold({ record, leftover }: Adopted, { belongings, departures }: AdoptionPorts): void {
  const { state, definition } = record;
  // What is there beside a run is none of it: left on purpose, or a hook.
  const isBeside = hasNoProcess(state) || state.tag === "preparing" || state.tag === "cleaning";
  if (leftover === null || isBeside) return;
  belongings.found(leftover);
  if (!belongings.isForeign(definition.name)) return;
  for (const row of leftover.rows) departures.watchForeign(definition.name, row);
}

/**
 * As any other end it is written down before it is acted upon: else a next supervisor, if this one dies while it starts the
 * service again, takes the old process for one of the new run. Where a spawn was under way, it is written down first that there
 * has been a process: its trace goes with the note of its end.
 */
function noteEnds({ record, events }: Adopted, { memory, launcher }: AdoptionPorts): void {
  const service = record.definition.name;
  for (const event of events) {
    if (event.tag !== "exited") continue;
    if (mainPidOf(record.state) === 0) memory.keep(record, [], launcher.runOf(service));
    memory.exited(service, event.exit.tag === "unknown" ? null : event.exit);
  }
}

/** Nobody is told when an exec returns that another process began. */
function awaitExec(service: string, ports: AdoptionPorts): void {
  const { fleet, belongings, processes, timers } = ports;
  const state = fleet.get(service)?.state;
  const invocation = belongings.invocationOf(service);
  if (state?.tag !== "execing" || invocation === null) return;
  if (hasExecuted(state.pid, invocation, processes)) fleet.post(service, { tag: "spawned", pid: state.pid });
  else timers.after(EXEC_POLL, () => awaitExec(service, ports));
}

/** One line for all, and one for each of which there is something to say. */
function tell(adopted: readonly Adopted[], { report }: AdoptionPorts): void {
  if (adopted.length === 0) return;
  const running = adopted.filter(({ leftover, record }) => leftover !== null && !hasNoProcess(record.state)).length;
  const services = adopted.length === 1 ? "1 service" : `${adopted.length} services`;
  report("notice", `goes on with ${services} of a supervisor that died, ${running} of them running`);
  for (const { record, events } of adopted) {
    const service = record.definition.name;
    if (record.removed)
      report("warning", `${service}: left running by a supervisor that died; it has no definition any more`);
    for (const event of events) {
      if (event.tag === "exited" && event.exit.tag === "unknown")
        report("warning", `${service}: ended while no supervisor ran, nobody knows how: that counts as a failure`);
    }
  }
}
