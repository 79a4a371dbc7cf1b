/* All companions of services, built once and asked in one order: what a process is given is put together here. */
import type { Definition } from "../core/definition.ts";
import type { EstatePort } from "../core/estate.ts";
import type { Fleet } from "../core/fleet.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { hasNoProcess } from "../core/service-state.ts";
import type { LastCheck } from "../core/view.ts";
import type { Belongings } from "./belongings.ts";
import { Checks } from "./checks.ts";
import type { Commands } from "./commands.ts";
import type { AdoptedRun, Companion, Equipment, Tell } from "./companion.ts";
import { ConcernedCompanions } from "./concerned-companions.ts";
import type { NetworkPort } from "./connection.ts";
import type { Events } from "./events.ts";
import { Guard } from "./guard.ts";
import { Health } from "./health.ts";
import type { SocketPort } from "./held-sockets.ts";
import { Historian, type HistoryPort } from "./historian.ts";
import { Hooks } from "./hooks.ts";
import { Listeners } from "./listeners.ts";
import { type NotifyCompanions, type NotifyKernel, makeNotifyCompanions } from "./notify-companions.ts";
import type { ClockPort, MemoryPort, OutputPort, ProcessPort, Report, SpawnPort, TimerPort } from "./ports.ts";
import type { UserPort } from "./prepare-run.ts";
import { Readiness } from "./readiness.ts";
import type { Relays } from "./relays.ts";
import { RunCounts } from "./run-counts.ts";
import { Schedules, type SchedulesPorts } from "./schedules.ts";
import { StartWatch } from "./start-watch.ts";
import { StopReloadCommands } from "./stop-reload-commands.ts";
import { Watches, type WatchesPorts } from "./watches.ts";

/** What the kernel does for the companions. */
export interface CompanionKernel {
  readonly estate: EstatePort;
  readonly notify: NotifyKernel;
  readonly sockets: SocketPort;
  readonly network: NetworkPort;
  readonly schedules: Pick<SchedulesPorts, "memory" | "chance" | "zone" | "onClockSet">;
  readonly openFiles: WatchesPorts["openFiles"];
}

export interface CompanionPorts {
  readonly kernel: CompanionKernel;
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  readonly report: Report;
  readonly output: OutputPort;
  readonly processes: ProcessPort;
  readonly spawning: SpawnPort;
  readonly users: UserPort;
  readonly events: Events;
  readonly belongings: Belongings;
  readonly commands: Commands;
  readonly relays: Pick<Relays, "commandEnded">;
  readonly history: HistoryPort;
  readonly tell: Tell;
  readonly memory: Pick<MemoryPort, "intend">;
  newInvocation(): string;
  fleet(): Fleet;
  /** Everything is being stopped. */
  isEnding(): boolean;
}

export class Companions {
  readonly hooks: Hooks;
  readonly ownCommands: StopReloadCommands;
  readonly starts: StartWatch;
  readonly counts: RunCounts;
  readonly history: Historian;
  readonly #fleet: () => Fleet;
  readonly #commands: Commands;
  readonly #timers: Pick<TimerPort, "soon">;
  readonly #guard: Guard;
  readonly #hearing: NotifyCompanions;
  readonly #listeners: Listeners;
  readonly #health: Health;
  readonly #all: readonly Companion[];
  readonly #concerned: ConcernedCompanions;
  #isAdopting = false;

  constructor(ports: CompanionPorts) {
    const { kernel, commands, belongings, fleet } = ports;
    this.#fleet = fleet;
    this.#timers = ports.timers;
    this.#guard = new Guard(ports.report);
    this.#commands = commands;
    const amend: Fleet["amend"] = (service, change) => fleet().amend(service, change);
    const annotate: Fleet["annotate"] = (service, word, data) => fleet().annotate(service, word, data);
    const annotateNext: Fleet["annotateNext"] = (service, word, data) => fleet().annotateNext(service, word, data);
    const checks = new Checks({ ...ports, network: kernel.network });
    this.hooks = new Hooks({
      ...ports,
      record: (service) => fleet().get(service),
      intend: (service, invocation) => ports.memory.intend(service, invocation),
      start: (service) => startFor(service, ports),
      isComing: (service) => isComing(fleet().get(service)),
    });
    this.ownCommands = new StopReloadCommands({
      ...ports,
      amend,
      reloadEnded: (service, failure) => ports.relays.commandEnded(service, failure),
    });
    this.#hearing = makeNotifyCompanions({
      ...ports,
      kernel: kernel.notify,
      estate: kernel.estate,
      record: (service) => fleet().get(service),
      amend,
      annotate,
      isCommandOf: (service, pid) => commands.serviceOf(pid) === service,
      isMember: (service, pid) => belongings.isMember(service, pid),
      mayBeMain: (service, pid) => belongings.mayBeMain(service, pid),
      resetRestarts: (service) => fleet().post(service, { tag: "reset-asked" }),
    });
    const stored = (service: string): ReturnType<NotifyCompanions["store"]["storedFor"]> =>
      this.#hearing.store.storedFor(service);
    this.#listeners = new Listeners({ ...ports, sockets: kernel.sockets, stored });
    this.#health = new Health({ ...ports, checks, amend });
    this.counts = new RunCounts(annotateNext);
    this.starts = new StartWatch(ports.clock);
    this.history = new Historian({ ...ports, annotate, annotateNext });
    this.#all = [
      this.hooks,
      this.ownCommands,
      ...Object.values(this.#hearing),
      this.#listeners,
      new Readiness({ ...ports, checks, amend, annotate }),
      this.#health,
      this.starts,
      this.counts,
      this.history,
      new Schedules({ ...ports, ...kernel.schedules, amend, annotate }),
      new Watches({
        ...ports,
        annotate,
        openFiles: kernel.openFiles,
        restart: (service) => {
          this.history.asked(service, "restart, as its files have changed");
          restartFor(service, ports);
        },
        reload: (service) => fleet().post(service, { tag: "reload-asked" }),
      }),
    ];
    this.#concerned = new ConcernedCompanions(this.#all);
  }

  /** The service is new, or has another definition. */
  configured(definition: Definition): void {
    this.#listeners.configured(definition);
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    this.#each(record.definition, record.next, (companion) => companion.changed(record, previous));
  }

  /**
   * The service goes on from where a supervisor that is gone has left it. To be called once for each such service, within one
   * turn, when all records are in place and nothing has changed yet; `run` is what of it is alive, null if nothing is.
   */
  adopted(record: ServiceRecord, run: AdoptedRun | null): void {
    this.#guard.run(null, () => this.#commands.left.adopt(record));
    this.#each(record.definition, record.next, (companion) => companion.adopted?.(record, run));
    if (this.#isAdopting) return;
    this.#isAdopting = true;
    this.#timers.soon(() => {
      this.#isAdopting = false;
      for (const companion of this.#all) this.#guard.run(null, () => companion.allAdopted?.());
      // Whoever waits for one of them has claimed it within the turn that has followed its adoption.
      this.#timers.soon(() => this.#commands.left.endUnclaimed());
    });
  }

  /** What the next main process of the service is given; a reason if it cannot be. `began` follows in either case. */
  equip(definition: Definition, invocation: string): Equipment | string {
    const env: Record<string, string> = {};
    const descriptors: Equipment["descriptors"][number][] = [];
    for (const companion of this.#concerned.of(definition, null)) {
      if (companion.equip === undefined) continue;
      let equipment: Equipment | string | undefined;
      const went = this.#guard.run(definition.name, () => (equipment = companion.equip?.(definition, invocation)));
      if (!went) return "internal error, see the log";
      if (typeof equipment === "string") return equipment;
      if (equipment === undefined) continue;
      Object.assign(env, equipment.env);
      descriptors.push(...equipment.descriptors);
    }
    return { env, descriptors };
  }

  /** The process exists; null: none came of it. */
  began(definition: Definition, pid: number | null): void {
    this.#each(definition, null, (companion) => companion.began?.(definition, pid));
  }

  /** Variables for the commands that run on behalf of the service. */
  environmentOf(definition: Definition): Readonly<Record<string, string>> {
    const record = this.#fleet().get(definition.name);
    // What is done about the end of a run says nothing of the service any more, and nobody would close its socket.
    if (record !== null && hasNoProcess(record.state)) return {};
    const env = this.#hearing.notifications.environmentFor(definition);
    return typeof env === "string" ? {} : env;
  }

  /** To be called before the end of a process of the service is told: what it has said comes first. */
  settle(service: string): void {
    this.#hearing.notifications.settle(service);
  }

  /** What came of the last check of the service's health; null: there was none. */
  lastCheckOf(service: string): LastCheck | null {
    return this.#health.lastOf(service);
  }

  /** Names of the descriptors that the service has stored, oldest first. */
  storedNamesOf(service: string): readonly string[] {
    return this.#hearing.store.storedFor(service).map(({ name }) => name);
  }

  forgotten(service: string): void {
    for (const companion of this.#all) this.#guard.run(service, () => companion.forgotten?.(service));
    this.#concerned.forget(service);
  }

  close(): void {
    for (const companion of this.#all) this.#guard.run(null, () => companion.close?.());
  }

  /** What one of them gets wrong keeps nothing from the others, nor from the service. */
  #each(definition: Definition, next: Definition | null, act: (companion: Companion) => void): void {
    this.#guard.each(definition.name, this.#concerned.of(definition, next), act);
  }
}

/** For a service that has failed; an operator's stop is left as it is, and so is one that has failed itself and is tried again. */
function startFor(service: string, { fleet, isEnding }: Pick<CompanionPorts, "fleet" | "isEnding">): void {
  const record = fleet().get(service);
  const isStopped = record === null || record.removed || (record.want === "down" && record.wantedByHand);
  if (!isStopped && record.state.tag !== "backoff" && !isEnding()) fleet().start(service);
}

function isComing(record: ServiceRecord | null): boolean {
  const tag = record?.state.tag;
  return record?.want === "up" && (tag === "waiting" || tag === "preparing" || tag === "backoff");
}

/** For files that have changed. */
function restartFor(service: string, { fleet, isEnding }: Pick<CompanionPorts, "fleet" | "isEnding">): void {
  if (!isEnding() && fleet().get(service)?.want === "up") fleet().restart(service, false);
}
