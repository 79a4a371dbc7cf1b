/*
 * A machine for the fleet to run on, in virtual time: spawns succeed, fail and hang; processes end by themselves, follow
 * signals late or never, leave others behind and cannot be killed; daemons fork and write their pid files, or do not; what is
 * waited for becomes ready or does not, hooks succeed, fail and hang, schedules and sockets call.
 */
import type { Definition } from "../../src/core/definition.ts";
import type { Exit } from "../../src/core/exit.ts";
import { Fleet } from "../../src/core/fleet.ts";
import type { FleetPorts } from "../../src/core/fleet-ports.ts";
import type { ServiceAction, ServiceEvent } from "../../src/core/service-event.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import type { LifeEvent } from "../../src/core/service-event.ts";
import { deadlineOf } from "../../src/core/service-state.ts";
import type { HookName } from "../../src/core/life-policies.ts";
import type { Instant, Millis, WallTime } from "../../src/core/units.ts";
import { type FakeProcess, FakeProcesses } from "./fake-processes.ts";
import { RandomDraw } from "./random-draw.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Who looks on; told before and after, so that it can compare. */
export interface Onlooker {
  acting(record: ServiceRecord, action: ServiceAction): void;
  changed(record: ServiceRecord, previous: ServiceRecord): void;
  forgotten(record: ServiceRecord): void;
  /** Something has happened and all that followed at once has been handled. */
  settled(): void;
  broken(what: string): void;
  /** Its schedule or a connection calls it. */
  called(service: string): void;
}

const EXITS: readonly [Exit, ...Exit[]] = [
  { tag: "code", code: 0 },
  { tag: "code", code: 1 },
  { tag: "code", code: 78 },
  { tag: "signal", signal: "SIGTERM", dumped: false },
  { tag: "signal", signal: "SIGSEGV", dumped: true },
];
const SUCCESS: Exit = { tag: "code", code: 0 };
const KILLED: Exit = { tag: "signal", signal: "SIGKILL", dumped: false };
const LIVES: readonly [number, ...number[]] = [0, 1, 9, 60, 400, 3_000, 12_000, 90_000, 1e9];
/** So that a crash loop without delay cannot take the whole time of the test. */
const MOST_STEPS_AT_ONCE = 400;

export class FakeWorld {
  readonly fleet: Fleet;
  readonly processes: FakeProcesses;
  readonly time = new VirtualTime();
  readonly #draw: RandomDraw;
  readonly #onlooker: Onlooker;
  /** Kills the hook that is at work for a service, or drops it (null). */
  readonly #hooks = new Map<string, (after: 0 | null) => void>();
  /** The looks that have not been told of. */
  readonly #looks = new Map<string, symbol>();
  steps = 0;

  constructor(seed: number, onlooker: Onlooker) {
    this.#draw = new RandomDraw(seed);
    this.#onlooker = onlooker;
    this.processes = new FakeProcesses({
      exited: (service, exit, survivors) => this.fleet.post(service, { tag: "exited", exit, survivors }),
      otherGone: (service) => this.#tellIfEmpty(service),
    });
    this.fleet = new Fleet(this.#ports());
  }

  /** Lets time pass, and what is due in it happen, deadlines up to `lag` milliseconds late. */
  advance(span: number, lag = 0): void {
    const end = this.time.now + span;
    for (let count = 0; count < MOST_STEPS_AT_ONCE; count++) {
      const deadline = this.fleet.nextDeadline();
      const expiry = deadline === null ? Infinity : Math.max(deadline + lag, this.time.now);
      const event = this.time.next ?? Infinity;
      if (Math.min(expiry, event) > end) break;
      if (event < expiry || (event === expiry && this.#draw.happens(0.5))) this.time.step();
      else this.#expire(expiry);
      this.settle();
    }
    this.time.now = Math.max(this.time.now, Math.min(end, this.time.next ?? end));
  }

  settle(): void {
    this.steps++;
    this.#onlooker.settled();
  }

  /** Processes of a dead predecessor: a main one, or only others. */
  leaveBehind(service: string): void {
    const main = this.#draw.happens(0.6) ? this.#create(service, "main") : null;
    for (let count = this.#draw.below(3) + (main === null ? 1 : 0); count > 0; count--) this.#create(service, "other");
    this.fleet.post(service, { tag: "found-running", pid: main?.pid ?? null });
  }

  /** Ends a process of the service from outside. */
  endOne(service: string, choice: number): void {
    const members = this.processes.membersOf(service);
    const chosen = members[choice % Math.max(members.length, 1)];
    if (chosen !== undefined) this.processes.end(chosen, this.#draw.pick(EXITS));
  }

  #expire(at: number): void {
    this.time.now = at;
    this.fleet.expire();
    for (const record of this.fleet.records()) {
      const deadline = deadlineOf(record.state);
      if (deadline !== null && deadline < at) this.#onlooker.broken(`${record.definition.name}: its deadline is past`);
    }
  }

  #ports(): FleetPorts {
    return {
      now: () => this.time.now as Instant,
      wall: () => this.time.now as WallTime,
      jitter: () => this.#draw.fraction(),
      perform: (record, action) => {
        this.#onlooker.acting(record, action);
        return this.#perform(record, action);
      },
      changed: (record, previous) => {
        this.#onlooker.changed(record, previous);
        if (record.state.tag === "naming" && previous.state.tag !== "naming")
          this.#writePidFile(record.definition.name);
        if (record.state.tag !== previous.state.tag || isAwaiting(record) !== isAwaiting(previous))
          this.#accompany(record);
      },
      annotated: () => {},
      performed: () => {},
      forgotten: (record) => this.#onlooker.forgotten(record),
      failed: (service, error) => this.#onlooker.broken(`${service}: ${String(error)}`),
    };
  }

  #perform(record: ServiceRecord, action: ServiceAction): ServiceEvent | null {
    const { definition } = record;
    const service = definition.name;
    switch (action.tag) {
      case "spawn":
        return this.#spawn(definition);
      case "signal-main":
        this.#request(this.processes.mainOf(service));
        return null;
      case "signal-all":
        for (const member of this.processes.membersOf(service)) this.#request(member);
        return null;
      case "kill-main":
        this.#kill(this.processes.mainOf(service));
        return null;
      case "kill-all":
        for (const member of this.processes.membersOf(service)) this.#kill(member);
        return null;
      case "run-stop-command":
        return this.#runStopCommand(definition);
      case "relay":
        if (this.#draw.happens(0.3)) return null;
        if (this.#draw.happens(0.3)) this.#request(this.processes.mainOf(service));
        return { tag: "relayed" };
      case "leave-rest":
        this.processes.leave(service);
        return null;
      case "report-unkillable":
      case "note-ended-by-relay":
        this.fleet.amend(service, { note: action.tag });
        return null;
      case "look":
        return this.#look(service, action.again);
      case "drop-look":
        this.#looks.delete(service);
        return null;
      case "run-hook":
        this.#runHook(service, action.hook);
        return null;
      case "kill-hook":
        this.#hooks.get(service)?.(0);
        return null;
      case "drop-hook":
        this.#hooks.get(service)?.(null);
        return null;
      case "restart-in-order":
      case "tell-failure":
      case "run-reload-command":
      case "end-supervisor":
        return null;
    }
  }

  #spawn(definition: Definition): ServiceEvent {
    if (this.#draw.happens(0.08)) return { tag: "spawn-failed", reason: "exec failed" };
    const main = this.#create(definition.name, "main");
    if (!this.#draw.happens(0.1)) {
      this.#live(main, definition);
      return { tag: "spawned", pid: main.pid };
    }
    const { pid } = main;
    const decided = this.#draw.pick(["spawned", "spawn-failed", "never"] as const);
    this.time.after(this.#draw.pick([1, 300, 4_999, 5_001, 14_000, 40_000]), () => {
      if (!main.isAlive || decided === "never") return;
      if (decided === "spawned") this.#live(main, definition);
      else this.processes.vanish(main);
      this.fleet.post(definition.name, decided === "spawned" ? { tag: decided, pid } : { tag: decided, reason: "" });
    });
    return { tag: "exec-pending", pid };
  }

  /** Found at once or later; nothing is told any more of a look that was dropped. */
  #look(service: string, again: boolean): ServiceEvent | null {
    const isMet = again || this.#draw.happens(0.7);
    const event: LifeEvent = isMet ? { tag: "looked" } : { tag: "condition-unmet", reason: "no /data" };
    if (this.#draw.happens(0.5)) return event;
    const asked = Symbol(service);
    this.#looks.set(service, asked);
    this.time.after(this.#draw.pick([0, 1, 20, 10_000]), () => {
      if (this.#looks.get(service) === asked) this.fleet.post(service, event);
    });
    return null;
  }

  /** A hook ends by itself or is killed, later; a dropped one tells nothing. */
  #runHook(service: string, hook: HookName): void {
    let isOver = false;
    const end = (failure: string | null): void => {
      if (isOver) return;
      isOver = true;
      this.#hooks.delete(service);
      this.fleet.post(service, { tag: "hook-ended", hook, failure });
    };
    this.#hooks.set(service, (after) => {
      if (after === null) isOver = true;
      else this.time.after(this.#draw.below(40), () => end("killed by SIGKILL"));
    });
    const failure = this.#draw.happens(0.3) ? "exited 1" : null;
    this.time.after(this.#draw.pick([0, 1, 50, 3_000, 60_000]), () => end(failure));
  }

  /** What concerns a service beyond its process, while it is in this state. */
  #accompany({ definition: { name }, state }: ServiceRecord): void {
    const tell = (after: number, event: LifeEvent): void =>
      this.time.after(after, () => {
        if (this.fleet.get(name) === null) return;
        if (event.tag === "due" || event.tag === "demanded") this.#onlooker.called(name);
        this.fleet.post(name, event);
      });
    if (state.tag === "waiting" && state.on !== "others")
      tell(this.#draw.pick([0, 900, 40_000]), { tag: state.on === "schedule" ? "due" : "demanded" });
    if (state.tag === "starting" && state.phase === "ready" && this.#draw.happens(0.8))
      tell(this.#draw.pick([0, 5, 700, 59_000, 61_000]), { tag: "ready" });
    if (state.tag !== "up" || this.#draw.happens(0.8)) return;
    const events: readonly LifeEvent[] = [
      { tag: "says-stopping" },
      { tag: "watchdog-missed", timeout: null },
      { tag: "unhealthy", action: "restart", reason: "3 checks failed" },
      { tag: "unhealthy", action: "stop", reason: "3 checks failed" },
      { tag: "extend-timeout", by: 5_000 as Millis },
    ];
    tell(this.#draw.pick([0, 10, 2_000, 20_000]), this.#draw.pick(events as [LifeEvent, ...LifeEvent[]]));
  }

  /** What a process does of its own accord once it has executed. */
  #live(main: FakeProcess, definition: Definition): void {
    const isStarter = definition.type === "forking";
    main.mayBecomeMain = isStarter;
    const life = isStarter ? this.#draw.pick([0, 5, 200, 59_999, 61_000]) : this.#draw.pick(LIVES);
    for (let count = this.#draw.below(isStarter ? 4 : 2); count > 0; count--) {
      this.time.after(this.#draw.below(life + 1), () => this.#fork(main, isStarter));
    }
    const exit = isStarter && this.#draw.happens(0.85) ? SUCCESS : this.#draw.pick(EXITS);
    this.#endAfter(life, main, exit);
  }

  #fork(parent: FakeProcess, mayBecomeMain: boolean): void {
    if (parent.isKilled || !this.processes.membersOf(parent.service).includes(parent)) return;
    const child = this.#create(parent.service, "other");
    child.mayBecomeMain = mayBecomeMain;
    this.#endAfter(this.#draw.pick(LIVES), child, SUCCESS);
  }

  /** Of its own accord, so not once it is killed: then it ends by that or hangs in the kernel. */
  #endAfter(span: number, process: FakeProcess, exit: Exit): void {
    this.time.after(span, () => {
      if (!process.isKilled) this.processes.end(process, exit);
    });
  }

  #writePidFile(service: string): void {
    if (this.#draw.happens(0.2)) return;
    this.time.after(this.#draw.pick([0, 5, 300, 59_000]), () => {
      const record = this.fleet.get(service);
      const [named] = this.processes.othersOf(service);
      if (record?.state.tag !== "naming" || named === undefined) return;
      this.processes.name(named);
      this.fleet.post(service, { tag: "named", pid: named.pid });
    });
  }

  #runStopCommand({ name, stop }: Definition): ServiceEvent | null {
    const failed: ServiceEvent = { tag: "stop-command-failed" };
    if (this.#draw.happens(0.2)) return failed;
    const isObeyed = this.#draw.happens(0.5);
    this.time.after(isObeyed ? 20 : this.#draw.pick([0, 70, stop.timeout]), () => {
      if (isObeyed) this.#request(this.processes.mainOf(name));
      else this.fleet.post(name, failed);
    });
    return null;
  }

  #create(service: string, kind: "main" | "other"): FakeProcess {
    return this.processes.create(service, kind, {
      endsOnRequest: this.#draw.pick([0, 1, 40, 2_000, 11_000, null]),
      endsOnKill: this.#draw.happens(0.85) ? this.#draw.below(30) : this.#draw.pick([11_000, 50_000, null]),
    });
  }

  #request(process: FakeProcess | null): void {
    if (process?.endsOnRequest == null) return;
    // Some only go once they have made another.
    const leaves = this.#draw.happens(0.1);
    this.time.after(process.endsOnRequest, () => {
      if (process.isKilled) return;
      if (leaves) this.#fork(process, process.mayBecomeMain);
      this.processes.end(process, this.#draw.pick([SUCCESS, { tag: "signal", signal: "SIGTERM", dumped: false }]));
    });
  }

  #kill(process: FakeProcess | null): void {
    if (process !== null) process.isKilled = true;
    if (process?.endsOnKill == null) return;
    this.time.after(process.endsOnKill, () => this.processes.end(process, KILLED));
  }

  /** The supervisor's room looks at the services that only wait for their last process. */
  #tellIfEmpty(service: string): void {
    const tag = this.fleet.get(service)?.state.tag;
    if (tag !== "naming" && tag !== "sweeping" && tag !== "stuck") return;
    if (this.processes.membersOf(service).length === 0) this.fleet.post(service, { tag: "emptied" });
  }
}

function isAwaiting({ state }: ServiceRecord): boolean {
  return state.tag === "starting" && state.phase === "ready";
}
