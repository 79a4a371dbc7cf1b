/*
 * The supervisor: what happens (a child ended, a signal came, an operator asked, time passed) goes to the fleet, and what
 * the fleet decides is carried out. Everything here runs on the main thread and nothing of it waits.
 */
import type { Definition } from "../core/definition.ts";
import type { Exit } from "../core/exit.ts";
import { Fleet } from "../core/fleet.ts";
import { type ServiceRecord, messageOf } from "../core/service-record.ts";
import { PUBLIC_STATE_OF, isAtRest } from "../core/service-state.ts";
import type { EventView } from "../core/service-view.ts";
import { type Instant, millis, spanBetween } from "../core/units.ts";
import { isoOf } from "../core/view.ts";
import { Belongings } from "./belongings.ts";
import { Commands } from "./commands.ts";
import { Events } from "./events.ts";
import { Launcher } from "./launcher.ts";
import { Narrator } from "./narrator.ts";
import { performAction } from "./performer.ts";
import { PidFileWatch } from "./pid-file-watch.ts";
import type {
  ClockPort,
  MemoryPort,
  OutputPort,
  ProcessPort,
  ReapPort,
  Report,
  SpawnPort,
  TimerPort,
} from "./ports.ts";
import { type Leftover, type Remembered, findLeftovers } from "./predecessor.ts";
import { PendingExecs } from "./pending-execs.ts";
import { placeholderFor } from "./placeholder.ts";
import type { UserPort } from "./prepare-run.ts";
import { reapEnded } from "./reaper.ts";
import type { RelayResult } from "./relay.ts";
import { Requests } from "./requests.ts";
import { StartQueue } from "./start-queue.ts";

export interface SupervisorPorts {
  readonly clock: ClockPort;
  readonly report: Report;
  readonly processes: ProcessPort;
  readonly reaping: ReapPort;
  readonly spawning: SpawnPort;
  readonly memory: MemoryPort;
  readonly output: OutputPort;
  readonly users: UserPort;
  readonly timers: TimerPort;
  newInvocation(): string;
  /** A number from 0 to 1. */
  jitter(): number;
  /** Everything has been stopped; the process may end with this status. */
  ended(code: number): void;
}

/** What the supervisor starts out with. */
export interface Beginnings {
  readonly definitions: readonly Definition[];
  /** What the machine lacks, by service. */
  readonly unfit: Readonly<Record<string, string>>;
  readonly remembered: readonly Remembered[];
}

/** Before this, a second request to end is taken for an echo of the first. */
const FORCE_AFTER = millis(2_000);
/** setTimeout fires at once for more than 2^31 - 1 ms, and a wake-up a day costs nothing. */
const LONGEST_TIMER = millis(86_400_000);

export class Supervisor {
  readonly fleet: Fleet;
  readonly requests: Requests;
  readonly events: Events;
  readonly belongings: Belongings;
  readonly ports: SupervisorPorts;
  readonly #commands: Commands;
  readonly #launcher: Launcher;
  readonly #narrator: Narrator;
  readonly #execs: PendingExecs;
  readonly #pidFiles: PidFileWatch;
  readonly #starts: StartQueue;
  readonly #relayListeners = new Map<string, (result: RelayResult) => void>();
  readonly #reloadListeners = new Map<string, (failure: string | null) => void>();
  readonly #settledListeners = new Set<() => void>();
  #ending: { readonly since: Instant; code: number } | null = null;
  #isEnded = false;
  #mayBeEmpty = false;
  #isLookScheduled = false;
  #cancelTimer: (() => void) | null = null;
  #armedFor: Instant | null = null;

  constructor(ports: SupervisorPorts) {
    this.ports = ports;
    this.events = new Events(() => isoOf(ports.clock.wall()));
    this.requests = new Requests(ports.timers);
    this.belongings = new Belongings(ports.processes, (run) => ports.timers.soon(run));
    this.#narrator = new Narrator(this.events, ports.report, () => ports.clock.now());
    const execs = (this.#execs = new PendingExecs(ports.spawning, ports.timers));
    this.#commands = new Commands({ ...ports, execs, newInvocation: () => ports.newInvocation() }, this.belongings);
    const decided = (service: string, event: Parameters<Fleet["post"]>[1]): void => this.fleet.post(service, event);
    this.#launcher = new Launcher(
      { ...ports, execs, newInvocation: () => ports.newInvocation(), decided },
      this.belongings,
    );
    this.#pidFiles = new PidFileWatch({
      timers: ports.timers,
      isMember: (service, pid) => this.belongings.isMember(service, pid),
      named: (service, pid) => this.#named(service, pid),
    });
    this.#starts = new StartQueue(ports.timers, ports.clock, (service) => this.#start(service));
    this.fleet = this.#buildFleet();
  }

  /** Takes over what a dead predecessor left, then starts what is to run, some services in each turn of the loop. */
  boot(beginnings: Beginnings): void {
    for (const definition of beginnings.definitions) {
      this.ports.output.configure(definition);
      this.fleet.add(definition);
    }
    const { processes } = this.ports;
    for (const leftover of findLeftovers(beginnings.remembered, processes)) this.#takeOver(leftover);
    const remembered = new Map(beginnings.remembered.map((memory) => [memory.service, memory.want]));
    for (const { name } of beginnings.definitions)
      this.#want(name, remembered.get(name) ?? null, beginnings.unfit[name] ?? null);
  }

  /** Starts a service that is new, if its definition says so. */
  startIfAuto(service: string, unfit: string | null): void {
    this.#want(service, null, unfit);
  }

  /** Calls back once every wanted service has been started or its failure noted. */
  onSettled(listen: () => void): void {
    this.#settledListeners.add(listen);
    this.#lookSoon();
  }

  /** The wanted services that a start still waits for, each with what it waits for. */
  undecided(): readonly string[] {
    return [...this.fleet.records()]
      .filter(isUndecided)
      .map((record) => `${record.definition.name} (${messageOf(record) ?? PUBLIC_STATE_OF[record.state.tag]})`);
  }

  /** The wanted services that could not be started, each with the reason. */
  troubled(): readonly string[] {
    const records = [...this.fleet.records()].filter((record) => record.want === "up");
    return records.flatMap((record) => {
      const state = PUBLIC_STATE_OF[record.state.tag];
      return state === "failed" || state === "backoff"
        ? [`${record.definition.name}: ${state}: ${messageOf(record) ?? ""}`]
        : [];
    });
  }

  /** Some child has ended. */
  childrenEnded(): void {
    const listener = {
      ended: (pid: number, exit: Exit) => this.#ended(pid, exit),
      reaped: (pid: number) => this.belongings.reaped(pid),
      settled: () => this.#sweepEmptied(),
    };
    if (reapEnded(this.ports.reaping, listener)) this.ports.timers.soon(() => this.childrenEnded());
  }

  get isEnding(): boolean {
    return this.#ending !== null;
  }

  /** Stops everything in order and ends; asked again after 2 s or more, kills what is left. */
  end(code: number, reason: string): void {
    const now = this.ports.clock.now();
    if (this.#ending !== null) {
      if (spanBetween(this.#ending.since, now) >= FORCE_AFTER) this.kill(reason);
      return;
    }
    this.#ending = { since: now, code };
    this.ports.report("notice", `shutting down: ${reason}`);
    this.events.emit({ service: null, event: "shutdown", state: null, previous: null, pid: null, message: reason });
    this.#starts.clear();
    for (const service of this.#names()) {
      this.requests.overtake(service, "shutdown");
      this.fleet.post(service, { tag: "stop-asked" });
    }
    this.#lookSoon();
  }

  /** Kills everything at once and ends. */
  kill(reason: string): void {
    this.#ending ??= { since: this.ports.clock.now(), code: 0 };
    this.ports.report("warning", `killing everything: ${reason}`);
    this.#starts.clear();
    for (const service of this.#names()) this.fleet.post(service, { tag: "kill-asked" });
    this.#lookSoon();
  }

  /** Has the service do its [reload]; `listen` hears what became of passing a signal on. */
  relay(service: string, listen: (result: RelayResult) => void): void {
    this.#relayListeners.set(service, listen);
    this.fleet.post(service, { tag: "reload-asked" });
    this.#relayListeners.delete(service);
  }

  onReloadCommand(service: string, listen: (failure: string | null) => void): void {
    this.#reloadListeners.set(service, listen);
  }

  #buildFleet(): Fleet {
    const { clock, jitter } = this.ports;
    const performer = {
      belongings: this.belongings,
      commands: this.#commands,
      launcher: this.#launcher,
      processes: this.ports.processes,
      report: this.ports.report,
      post: (service: string, event: Parameters<Fleet["post"]>[1]) => this.fleet.post(service, event),
      relayed: (service: string, result: RelayResult) => this.#relayed(service, result),
      reloadCommandEnded: (service: string, failure: string | null) => this.#reloadCommandEnded(service, failure),
      note: (service: string, note: string) => this.fleet.amend(service, { note }),
      endSupervisor: (service: string, code: number) => this.#endBecauseOf(service, code),
    };
    return new Fleet({
      now: () => clock.now(),
      wall: () => clock.wall(),
      jitter,
      perform: (record, action) => performAction(record, action, performer),
      changed: (record, previous) => this.#changed(record, previous),
      forgotten: (record) => this.#forgotten(record),
      failed: (service, error) => this.#failed(service, error),
    });
  }

  #names(): readonly string[] {
    return [...this.fleet.records()].map((record) => record.definition.name);
  }

  #want(service: string, byHand: "up" | "down" | null, unfit: string | null): void {
    const record = this.fleet.get(service);
    if (record === null) return;
    const want = byHand ?? (record.definition.start === "auto" ? "up" : "down");
    this.fleet.amend(service, { want, wantedByHand: byHand !== null });
    if (want === "down" && !isAtRest(record.state)) this.fleet.post(service, { tag: "stop-asked" });
    if (want === "down") return;
    if (unfit !== null) this.fleet.post(service, { tag: "found-unfit", reason: unfit });
    else this.#starts.add(service);
  }

  #start(service: string): void {
    if (this.#ending === null && this.fleet.get(service)?.want === "up")
      this.fleet.post(service, { tag: "start-asked" });
  }

  #takeOver(leftover: Leftover): void {
    const { service, invocation, main, rows } = leftover;
    if (this.fleet.get(service) === null) {
      this.fleet.add(placeholderFor(service));
      this.fleet.amend(service, { removed: true });
    }
    this.belongings.found(service, invocation, { rows, main });
    for (const row of rows) this.#watchForeign(service, row.pid, row.pid === main);
    const named = rows.map((row) => `pid ${row.pid} (${this.ports.processes.name(row.pid)})`).slice(0, 10);
    const message = `left running by a supervisor that died: ${named.join(", ")}; stopping ${rows.length === 1 ? "it" : "them"} first`;
    this.ports.report("warning", `${service}: ${message}`);
    this.events.emit({ service, event: "left", state: null, previous: null, pid: main, message });
    this.fleet.post(service, { tag: "found-running", pid: main });
    if (this.fleet.get(service)?.removed === true) this.fleet.post(service, { tag: "stop-asked" });
  }

  // It is no child of this process, so only a pidfd tells of its end, and nobody tells of its status.
  #watchForeign(service: string, pid: number, isMain: boolean): void {
    const pidfd = this.ports.processes.openPidfd(pid);
    if (pidfd === null) return;
    this.ports.output.watch(pidfd, () => {
      this.ports.output.unwatch(pidfd);
      this.ports.processes.closeFd(pidfd);
      if (isMain && this.belongings.mainOf(service) === pid) {
        const survivors = this.belongings.mainEnded(service);
        this.ports.memory.exited(service);
        this.fleet.post(service, { tag: "exited", exit: { tag: "unknown" }, survivors });
      }
      this.#mayBeEmpty = true;
      this.#sweepEmptied();
    });
  }

  /** A child has ended and is not reaped yet. */
  #ended(pid: number, exit: Exit): (() => void) | null {
    // If its exec has failed, that is what is told of it, and not the exit that came of it.
    if (this.#execs.has(pid)) this.#execs.look();
    const service = this.belongings.serviceOfMain(pid);
    if (service === null) {
      if (!this.#commands.ended(pid, exit)) this.#mayBeEmpty = true;
      return null;
    }
    this.ports.memory.exited(service);
    const survivors = this.belongings.mainEnded(service);
    const run = this.#launcher.runOf(service);
    if (run !== null) this.ports.output.drain(run);
    const post = (): void => this.fleet.post(service, { tag: "exited", exit, survivors });
    if (survivors === 0) return post;
    // What is left is signalled now, while the number of the group certainly still is its own.
    post();
    return null;
  }

  /** Looks whether services that only wait for their last process have lost it. */
  #sweepEmptied(): void {
    if (!this.#mayBeEmpty) return;
    this.#mayBeEmpty = false;
    for (const record of [...this.fleet.records()]) {
      const { tag } = record.state;
      if (tag !== "naming" && tag !== "sweeping" && tag !== "stuck") continue;
      const service = record.definition.name;
      if (this.belongings.mainOf(service) !== null || this.belongings.survivors(service).length > 0) continue;
      this.belongings.over(service);
      this.fleet.post(service, { tag: "emptied" });
    }
  }

  #named(service: string, pid: number): void {
    this.belongings.named(service, pid);
    this.ports.memory.running(service, pid, this.ports.processes.row(pid)?.startTicks ?? 0);
    this.fleet.post(service, { tag: "named", pid });
  }

  #changed(record: ServiceRecord, previous: ServiceRecord): void {
    this.#narrator.changed(record, previous);
    if (record.state !== previous.state) this.#watchPidFile(record, previous);
    this.requests.changed(record);
    this.#lookSoon();
  }

  #watchPidFile(record: ServiceRecord, previous: ServiceRecord): void {
    const { name, pidFile } = record.definition;
    if (record.state.tag === "naming" && pidFile !== null) this.#pidFiles.watch(name, pidFile);
    else if (previous.state.tag === "naming") this.#pidFiles.unwatch(name);
  }

  #forgotten(record: ServiceRecord): void {
    const service = record.definition.name;
    this.belongings.over(service);
    this.ports.memory.forget(service);
    this.ports.output.forget(service);
    this.#launcher.forget(service);
    this.requests.forgotten(service);
    this.#narrator.forgotten(record);
    this.#lookSoon();
  }

  #failed(service: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.fleet.amend(service, { note: `internal error, see the log: ${String(error)}` });
    this.ports.report("crit", `${service}: internal error: ${text}`);
    this.events.emit({ service, event: "problem", state: null, previous: null, pid: null, message: String(error) });
  }

  #relayed(service: string, result: RelayResult): void {
    const message =
      result.tag === "sent" ? `relayed ${result.signal} to pid ${result.pid}` : `not relayed: ${result.reason}`;
    this.ports.report(result.tag === "sent" ? "info" : "debug", `${service}: ${message}`);
    this.events.emit({
      service,
      event: "relay",
      state: null,
      previous: null,
      pid: result.tag === "sent" ? result.pid : null,
      message,
    });
    this.#relayListeners.get(service)?.(result);
  }

  #reloadCommandEnded(service: string, failure: string | null): void {
    const message = failure === null ? "reload.command succeeded" : `reload.command: ${failure}`;
    this.ports.report(failure === null ? "info" : "warning", `${service}: ${message}`);
    this.events.emit({ service, event: "relay", state: null, previous: null, pid: null, message });
    this.#reloadListeners.get(service)?.(failure);
    this.#reloadListeners.delete(service);
  }

  #endBecauseOf(service: string, code: number): void {
    // Later, so that the service's own step is over before the others are told.
    this.ports.timers.soon(() => {
      if (this.#ending === null) this.end(code, `"${service}" is critical and has ended`);
    });
  }

  /** Once a turn, after everything that happened in it: arms the timer, and looks whether something has come to its end. */
  #lookSoon(): void {
    if (this.#isLookScheduled) return;
    this.#isLookScheduled = true;
    this.ports.timers.soon(() => {
      this.#isLookScheduled = false;
      this.#armTimer();
      this.#tellSettled();
      this.#endIfEmpty();
    });
  }

  #armTimer(): void {
    const next = this.fleet.nextDeadline();
    if (next === this.#armedFor) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#armedFor = next;
    if (next === null) return;
    const delay = millis(Math.min(Math.max(spanBetween(this.ports.clock.now(), next), 0), LONGEST_TIMER));
    this.#cancelTimer = this.ports.timers.after(delay, () => {
      this.#armedFor = null;
      this.#cancelTimer = null;
      this.fleet.expire();
      this.#lookSoon();
    });
  }

  #tellSettled(): void {
    if (this.#settledListeners.size === 0 || !this.#starts.isEmpty) return;
    for (const record of this.fleet.records()) if (isUndecided(record)) return;
    const listeners = [...this.#settledListeners];
    this.#settledListeners.clear();
    for (const listen of listeners) listen();
  }

  #endIfEmpty(): void {
    if (this.#ending === null || this.#isEnded) return;
    for (const { state } of this.fleet.records()) if (!isAtRest(state) && state.tag !== "stuck") return;
    this.#isEnded = true;
    this.ports.ended(this.#ending.code);
  }

  /** For the event stream of a client. */
  subscribe(listen: (event: EventView) => void): () => void {
    return this.events.subscribe(listen);
  }
}

/** true: a start of the supervisor still has to wait for what becomes of it. */
function isUndecided(record: ServiceRecord): boolean {
  if (record.removed || record.want === "down") return false;
  const { tag } = record.state;
  return (
    tag === "launching" ||
    tag === "execing" ||
    PUBLIC_STATE_OF[tag] === "stopping" ||
    (tag === "down" && record.state.why === "never-started")
  );
}
