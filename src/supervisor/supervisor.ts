/*
 * The supervisor: what happens (a child ended, a signal came, an operator asked, time passed) goes to the fleet, and what
 * the fleet decides is carried out. Everything here runs on the main thread and nothing of it waits.
 */
import type { Definition } from "../core/definition.ts";
import { Fleet } from "../core/fleet.ts";
import type { FleetPorts } from "../core/fleet-ports.ts";
import type { ServiceAction, ServiceEvent } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { isEndedByShutdown } from "../core/service-record.ts";
import { isAtRest, isUntouched } from "../core/service-state.ts";
import { type Beginnings, adoptServices } from "./adopt-services.ts";
import { Belongings } from "./belongings.ts";
import { Commands } from "./commands.ts";
import type { Tell } from "./companion.ts";
import { type CompanionKernel, Companions } from "./companions.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import { Departures } from "./departures.ts";
import { Events } from "./events.ts";
import type { HistoryPort } from "./historian.ts";
import { AGAIN, Guard } from "./guard.ts";
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
import { PendingExecs } from "./pending-execs.ts";
import { TurnEnd } from "./turn-end.ts";
import type { UserPort } from "./prepare-run.ts";
import { RecordKeeping } from "./record-keeping.ts";
import { Relays } from "./relays.ts";
import { Requests } from "./requests.ts";
import type { RunFiles } from "./run-files.ts";
import { Shutdown, type ShutdownPorts } from "./shutdown.ts";
import { Starter } from "./starter.ts";

export interface SupervisorPorts extends Pick<ShutdownPorts, "stopTimeout" | "noteEnd"> {
  readonly clock: ClockPort;
  readonly report: Report;
  readonly processes: ProcessPort;
  readonly reaping: ReapPort;
  readonly spawning: SpawnPort;
  readonly memory: MemoryPort;
  readonly output: OutputPort;
  readonly users: UserPort;
  readonly timers: TimerPort;
  readonly kernel: CompanionKernel;
  readonly files: RunFiles;
  readonly history: HistoryPort;
  newInvocation(): string;
  /** A number from 0 to 1. */
  jitter(): number;
  /** Something has happened; called once for each turn of the loop in which it did. */
  active(): void;
  /** The orderly end begins. */
  ending(): void;
  /** Everything has been stopped; the process may end with this status. */
  ended(code: number): void;
}

export class Supervisor {
  readonly fleet: Fleet;
  readonly requests: Requests;
  readonly events: Events;
  readonly belongings: Belongings;
  readonly execs: PendingExecs;
  readonly relays: Relays;
  readonly companions: Companions;
  readonly ports: SupervisorPorts;
  readonly #shutdown: Shutdown;
  readonly #departures: Departures;
  readonly #deadlines: DeadlineTimer;
  readonly #commands: Commands;
  readonly #launcher: Launcher;
  readonly #narrator: Narrator;
  readonly #pidFiles: PidFileWatch;
  readonly #starter: Starter;
  readonly #guard: Guard;
  readonly #turnEnd: TurnEnd;
  readonly #keeping: RecordKeeping;
  /** Who is told of each change of a record, in this order. */
  readonly #changes: readonly FleetPorts["changed"][] = [
    // Before anything else: what follows is known of a successor only by this.
    (record, _previous, actions) => this.#keeping.keep(record, actions),
    (record, previous) => this.#narrator.changed(record, previous),
    (record, previous) => this.companions.changed(record, previous),
    (record, previous) => this.#pidFiles.changed(record, previous),
    (record, previous) =>
      isAtRest(record.state) && !isAtRest(previous.state) && this.#commands.killOf(record.definition.name),
    (record) => this.requests.changed(record),
    // What companions have noted beside it, before anything is done about it.
    (record) => this.#keeping.keepAdded(this.fleet.get(record.definition.name)),
  ];

  constructor(ports: SupervisorPorts) {
    this.ports = ports;
    this.#guard = new Guard(ports.report);
    this.events = new Events(
      () => ports.clock.wall(),
      (happening) => this.companions.history.happened(happening),
    );
    this.requests = new Requests(ports.timers);
    const narrator = (this.#narrator = new Narrator(this.events, ports.report, () => ports.clock.now()));
    this.belongings = new Belongings(
      ports.processes,
      (run) => ports.timers.soon(run),
      ({ pid }) => narrator.unattributed(pid, ports.processes.name(pid)),
    );
    const execs = (this.execs = new PendingExecs(ports.spawning, ports.timers));
    this.relays = new Relays(this.events, { ...ports, guard: this.#guard, belongings: this.belongings });
    const newInvocation = (): string => ports.newInvocation();
    const environmentOf: Companions["environmentOf"] = (definition) => this.companions.environmentOf(definition);
    const annotate: Fleet["annotate"] = (service, word, data) => this.fleet.annotate(service, word, data);
    const commands = new Commands({ ...ports, execs, annotate, newInvocation, environmentOf }, this.belongings);
    this.#commands = commands;
    const { events, belongings, relays } = this;
    const tell: Tell = (service, event) => this.#tell(service, event);
    const [fleetNow, isEnding] = [(): Fleet => this.fleet, (): boolean => this.isEnding];
    const parts = { ...ports, events, belongings, commands, relays, fleet: fleetNow };
    const companions = (this.companions = new Companions({ ...parts, tell, isEnding }));
    const waitFor: Starter["waitFor"] = (service) => this.#starter.waitFor(service);
    this.#launcher = new Launcher({ ...parts, execs, newInvocation, waitFor, decided: tell, companions }, belongings);
    this.#keeping = new RecordKeeping(ports.memory, (service) => this.#launcher.runOf(service));
    this.#pidFiles = new PidFileWatch({
      timers: ports.timers,
      pidIn: (file) => ports.processes.pidIn(file),
      mayBeMain: (service, pid) => this.belongings.mayBeMain(service, pid),
      named: (service, pid) => this.#tell(service, { tag: "named", pid }),
    });
    this.#starter = new Starter({ ...ports, fleet: fleetNow, isEnding, lookSoon: () => this.#turnEnd.soon() });
    this.#deadlines = new DeadlineTimer(ports.timers, ports.clock, () => {
      // What fails is tried again a moment later, not at once and for ever.
      if (this.#guard.run(null, () => this.fleet.expire())) this.#turnEnd.soon();
      else ports.timers.after(AGAIN, () => this.#turnEnd.soon());
    });
    this.#turnEnd = new TurnEnd(ports.timers, this.#guard, [
      () => ports.active(),
      () => this.#deadlines.arm(this.fleet.nextDeadline()),
      () => this.#starter.tellSettled(),
      () => this.#shutdown.look(),
    ]);
    this.fleet = this.#buildFleet();
    const { fleet, requests } = this;
    const [mayEnd, killCommands] = [(): boolean => commands.isIdle, (): void => commands.killAll()];
    this.#shutdown = new Shutdown({ ...ports, fleet, events, requests, mayEnd, killCommands });
    const rest = { launcher: this.#launcher, execs, companions };
    this.#departures = new Departures({ ...ports, fleet, belongings, commands, ...rest });
  }

  /** Goes on with what a dead predecessor left, and starts what is to run, some services in each turn of the loop. */
  boot(beginnings: Beginnings): void {
    const { fleet, belongings, companions, ports } = this;
    const rest = { fleet, belongings, companions, launcher: this.#launcher, departures: this.#departures };
    const adopted = adoptServices(beginnings, { ...ports, ...rest, configure: (each) => this.configure(each) });
    const byHand = new Map(beginnings.remembered.map((memory) => [memory.service, memory.want]));
    // Each after what it needs, so that none has to be looked at twice.
    for (const name of fleet.links.inStartOrder([...fleet.records()].map((record) => record.definition.name))) {
      const [record, asked, unfit] = [fleet.get(name), byHand.get(name) ?? null, beginnings.unfit[name] ?? null];
      if (record !== null && adopted.has(name)) this.#goOn(record, beginnings.isCutOff);
      else if (asked !== null || unfit !== null) this.#starter.want(name, asked, unfit);
      else if (record?.want === "up") this.#starter.start(name);
    }
  }

  #goOn(record: ServiceRecord, isCutOff: boolean): void {
    this.#keeping.keep(record, null);
    this.#pidFiles.changed(record, null);
    if (isCutOff && isEndedByShutdown(record)) this.#starter.startAgain(record.definition.name);
    else if (record.want === "up" && isUntouched(record.state)) this.#starter.start(record.definition.name);
  }

  /** The service is new, or has another definition. */
  configure(definition: Definition): void {
    this.ports.output.configure(definition);
    this.companions.configured(definition);
  }

  /** Starts a service that is new, if its definition says so. */
  startIfAuto(service: string, unfit: string | null): void {
    this.#starter.want(service, null, unfit);
  }

  /** Calls back once every wanted service has been started or its failure noted. */
  onSettled(listen: () => void): void {
    this.#starter.onSettled(listen);
  }

  /** Some child has ended. */
  childrenEnded(): void {
    this.#departures.look();
    this.#turnEnd.soon();
  }

  get isEnding(): boolean {
    return this.#shutdown.hasBegun;
  }

  /** Stops everything in order and ends. */
  end(code: number, reason: string): void {
    this.#starter.clear();
    this.#shutdown.begin(code, reason);
    this.#turnEnd.soon();
  }

  /** The same by a signal; another one 2 s or more after it kills what is left. */
  endBySignal(signal: string): void {
    this.#starter.clear();
    this.#shutdown.beginBySignal(signal);
    this.#turnEnd.soon();
  }

  /** Kills everything at once and ends. */
  kill(reason: string): void {
    this.#starter.clear();
    this.#shutdown.kill(reason);
    this.#turnEnd.soon();
  }

  #buildFleet(): Fleet {
    const { clock, jitter } = this.ports;
    const performer = {
      belongings: this.belongings,
      hooks: this.companions.hooks,
      ownCommands: this.companions.ownCommands,
      files: this.ports.files,
      launcher: this.#launcher,
      processes: this.ports.processes,
      relays: this.relays,
      report: this.ports.report,
      post: (service: string, event: ServiceEvent) => this.fleet.post(service, event),
      amend: (service: string, change: Partial<ServiceRecord>) => this.fleet.amend(service, change),
      endSupervisor: (service: string, code: number) => this.#endBecauseOf(service, code),
    };
    return new Fleet({
      now: () => clock.now(),
      wall: () => clock.wall(),
      jitter,
      perform: (record, action) => performAction(record, action, performer),
      changed: (record, previous, actions) => this.#changed(record, previous, actions),
      performed: (service) => this.ports.memory.performed(service),
      annotated: (record) => this.#keeping.keep(record, null),
      forgotten: (record) => this.#forgotten(record),
      failed: (service, error) => this.#failed(service, error),
    });
  }

  /** What companions and others find out; a process that becomes the main one is taken for it from now on. */
  #tell(service: string, event: ServiceEvent): void {
    const changesMain = event.tag === "named" || event.tag === "main-changed";
    if (changesMain && !this.#departures.mainChanged(service, event.pid)) return;
    this.fleet.post(service, event);
  }

  #changed(record: ServiceRecord, previous: ServiceRecord, actions: readonly ServiceAction[] | null): void {
    this.#guard.each(record.definition.name, this.#changes, (tell) => tell(record, previous, actions));
    this.#turnEnd.soon();
  }

  #forgotten(record: ServiceRecord): void {
    const service = record.definition.name;
    this.#guard.all(service, [
      () => this.belongings.over(service),
      () => this.ports.memory.forget(service),
      () => this.ports.output.forget(service),
      () => this.#launcher.forget(service),
      () => this.ports.files.forget(service),
      () => this.companions.forgotten(service),
      () => this.requests.forgotten(service),
      () => this.#narrator.forgotten(record),
    ]);
    this.#turnEnd.soon();
  }

  /** null: what lies between services has failed, and is looked at again. */
  #failed(service: string | null, error: unknown): void {
    const note = `${this.#guard.tell(service, error)}: ${String(error)}`;
    if (service === null) return void this.ports.timers.after(AGAIN, () => this.fleet.together(() => {}));
    this.fleet.amend(service, { note });
    this.events.emit({ service, event: "problem", state: null, previous: null, pid: null, message: String(error) });
  }

  #endBecauseOf(service: string, code: number): void {
    const reason = `"${service}" is critical and has ended`;
    this.#shutdown.intend(code, reason);
    // Only noted now, as this counts as done in a moment: the service's own step is to be over before the others are told.
    this.ports.timers.soon(() => this.end(code, reason));
  }
}
