/*
 * A machine for the fleet to run on, in virtual time: spawns succeed, fail and hang; processes end by themselves, follow
 * signals late or never, leave others behind and cannot be killed; daemons fork and write their pid files, or do not; what is
 * waited for becomes ready or does not, hooks succeed, fail and hang, schedules and sockets call.
 */
import type { Definition } from "../../src/core/definition.ts";
import type { Exit } from "../../src/core/exit.ts";
import { Fleet } from "../../src/core/fleet.ts";
import type { FleetPorts } from "../../src/core/fleet-ports.ts";
import type { LifeEvent, ServiceAction, ServiceEvent } from "../../src/core/service-event.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import { deadlineOf, hasNoProcess, isUntouched } from "../../src/core/service-state.ts";
import type { Instant, Millis, WallTime } from "../../src/core/units.ts";
import type { Restoration } from "../../src/core/restore-record.ts";
import { FakeFates } from "./fake-fates.ts";
import { FakeHooks, hookOf } from "./fake-hooks.ts";
import { FakeMemory } from "./fake-memory.ts";
import { type FakeProcess, FakeProcesses } from "./fake-processes.ts";
import type { Onlooker } from "./onlooker.ts";
import { RandomDraw } from "./random-draw.ts";
import { VirtualTime } from "./virtual-time.ts";

/** So that a crash loop without delay cannot take the whole time of the test. */
const MOST_STEPS_AT_ONCE = 400;

export class FakeWorld {
  fleet: Fleet;
  readonly processes: FakeProcesses;
  readonly fates: FakeFates;
  readonly time = new VirtualTime();
  readonly #draw: RandomDraw;
  readonly #onlooker: Onlooker;
  readonly #hooks: FakeHooks;
  /** The looks that have not been told of. */
  readonly #looks = new Map<string, symbol>();
  readonly #memory = new FakeMemory();
  /** Processes whose exec has not returned. */
  readonly #unexecuted = new Set<FakeProcess>();
  /** How many more calls of its ports the supervisor lives for; null: until it is told otherwise. */
  #callsLeft: number | null = null;
  /** true: what the fleet does has no effect any more. */
  #isDead = false;
  /** What happened while no supervisor ran and its successor is told. */
  readonly #missed: (() => void)[] = [];
  /** Main processes that ended meanwhile and are not reaped. */
  readonly #zombies = new Map<string, number>();
  /** Of an end that nobody was there for, the status is known only if a guardian holds it. */
  #isGuarded = false;
  steps = 0;
  deaths = 0;

  constructor(seed: number, onlooker: Onlooker) {
    this.#draw = new RandomDraw(seed);
    this.#onlooker = onlooker;
    this.processes = new FakeProcesses({
      exited: (service, exit, survivors) => this.#exited(service, exit, survivors),
      otherGone: (service) => this.#tellIfEmpty(service),
    });
    this.fates = new FakeFates(this.processes, this.time, this.#draw);
    this.#hooks = new FakeHooks(this.time, this.#draw, (service, event) => {
      if (this.#isDead) this.#missed.push(() => this.#tell(service, event));
      else this.#tell(service, event);
    });
    this.fleet = new Fleet(this.#ports(0));
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
    if (this.#isDead) this.#succeed();
    this.steps++;
    this.#onlooker.settled();
  }

  /** The supervisor is killed, after so many calls of its ports. `isGuarded`: its children become those of a guardian. */
  die(calls: number, isGuarded: boolean): void {
    this.#isGuarded = isGuarded;
    this.#callsLeft = calls;
    if (calls === 0) this.#isDead = true;
  }

  /** From now on it lives. */
  survive(): void {
    this.#callsLeft = null;
  }

  /** false: the supervisor has died before this. */
  #lives(): boolean {
    if (this.#callsLeft !== null && !this.#isDead && this.#callsLeft-- === 0) this.#isDead = true;
    return !this.#isDead;
  }

  #tell(service: string, event: ServiceEvent): void {
    if (!this.#isDead) this.fleet.post(service, event);
  }

  #exited(service: string, exit: Exit, survivors: number): void {
    if (this.#lives()) {
      this.#memory.exited(service, exit);
      if (this.#lives()) this.#tell(service, { tag: "exited", exit, survivors });
    } else if (this.#isGuarded) {
      const pid = this.processes.lastMainOf(service);
      this.#zombies.set(service, pid);
      this.#missed.push(() =>
        this.#tell(service, { tag: "exited", exit, survivors: this.processes.othersOf(service).size }),
      );
    }
  }

  /** Some time passes without a supervisor; then another one goes on. */
  #succeed(): void {
    const isStill = this.#callsLeft === 0;
    const end = this.time.now + (isStill ? 0 : this.#draw.pick([0, 0, 1, 60, 3_000]));
    while ((this.time.next ?? Infinity) <= end && !isStill) this.time.step();
    this.time.now = Math.max(this.time.now, end);
    this.#isDead = false;
    this.#callsLeft = null;
    this.deaths++;
    const before = this.fleet;
    this.fleet = new Fleet(this.#ports(this.deaths));
    const restorations = this.#memory.restore((service) => this.#evidenceOf(service));
    for (const { record } of restorations) this.#place(record);
    this.#onlooker.succeeded(restorations.map(({ record }) => record));
    this.#looks.clear();
    this.fleet.resume(restorations);
    for (const tell of this.#missed.splice(0)) tell();
    this.#zombies.clear();
    for (const { record } of restorations) this.#goOn(record);
    if (isStill) this.#compare(before, restorations);
  }

  /** What is there beside a run was left on purpose. */
  #place(record: ServiceRecord): void {
    const { state, definition } = record;
    this.fleet.place(record);
    if (hasNoProcess(state) || state.tag === "preparing" || state.tag === "cleaning")
      this.processes.leave(definition.name);
  }

  #evidenceOf(service: string): { main: { pid: number; hasExecuted: boolean } | null; others: number } {
    const main = this.processes.mainOf(service);
    const others = this.processes.othersOf(service).size;
    const zombie = this.#zombies.get(service);
    if (main !== null) return { main: { pid: main.pid, hasExecuted: !this.#unexecuted.has(main) }, others };
    return { main: zombie === undefined ? null : { pid: zombie, hasExecuted: true }, others };
  }

  /** What accompanies a service goes on as well, and what had not had its turn gets it. */
  #goOn({ definition: { name } }: ServiceRecord): void {
    const record = this.fleet.get(name);
    if (record === null) return;
    this.#memory.keep(record, null);
    this.#accompany(record);
    if (record.state.tag === "naming") this.#writePidFile(name);
    this.#goOnWithHook(record);
    if (record.state.tag === "execing" && !this.#unexecuted.has(this.processes.mainOf(name) as FakeProcess))
      this.#tell(name, { tag: "spawned", pid: record.state.pid });
    if (record.want === "up" && isUntouched(record.state)) {
      this.#onlooker.broughtIn(name, false);
      this.fleet.enable(name);
    }
  }

  /** One that is at work goes on; of one that is not, the end was lost, and it is run again. */
  #goOnWithHook({ definition: { name }, state }: ServiceRecord): void {
    const hook = hookOf(state);
    if (hook === null || this.#hooks.isAtWorkFor(name)) return;
    this.#hooks.run(name, hook);
    if (state.tag === "preparing" && state.afterwards !== null) this.#hooks.kill(name);
  }

  /** Nothing has happened between the death and the successor, so nothing is otherwise than it was. */
  #compare(before: Fleet, restorations: readonly Restoration[]): void {
    for (const { record } of restorations) {
      const { name } = record.definition;
      const [was, is] = [before.get(name), this.fleet.get(name)];
      // What is looked at again has its consequences at once, also for those that wait for it.
      if (was?.state.tag === "preparing" || was?.state.tag === "waiting" || isUntouched(record.state)) continue;
      // What was asked of those that require it may have been lost, and is asked again.
      if (this.fleet.links.requirementsOf(name).some((other) => before.get(other.name)?.held != null)) continue;
      if (!Bun.deepEquals(was, is))
        this.#onlooker.broken(
          `${name}: was ${JSON.stringify(was?.state)}, and goes on as ${JSON.stringify(is?.state)}`,
        );
    }
  }

  #expire(at: number): void {
    this.time.now = at;
    this.fleet.expire();
    for (const record of this.fleet.records()) {
      const deadline = deadlineOf(record.state);
      if (deadline !== null && deadline < at) this.#onlooker.broken(`${record.definition.name}: its deadline is past`);
    }
  }

  /** Of the supervisor with this number; of one that is dead, nothing that it does has an effect. */
  #ports(life: number): FleetPorts {
    const lives = (): boolean => life === this.deaths && this.#lives();
    return {
      now: () => this.time.now as Instant,
      wall: () => this.time.now as WallTime,
      jitter: () => this.#draw.fraction(),
      perform: (record, action) => {
        if (!lives()) return null;
        // What has ended and is not reaped can still be signalled.
        if (action.tag === "spawn" || !this.#zombies.has(record.definition.name)) this.#onlooker.acting(record, action);
        return this.#perform(record, action);
      },
      changed: (record, previous, actions) => {
        if (!lives()) return;
        this.#memory.keep(record, actions);
        this.#onlooker.changed(record, previous);
        if (record.state.tag === "naming" && previous.state.tag !== "naming")
          this.#writePidFile(record.definition.name);
        if (record.state.tag !== previous.state.tag || isAwaiting(record) !== isAwaiting(previous))
          this.#accompany(record);
      },
      annotated: () => {},
      performed: (service) => {
        if (lives()) this.#memory.performed(service);
      },
      forgotten: (record) => {
        if (!lives()) return;
        this.#memory.forget(record.definition.name);
        this.#onlooker.forgotten(record);
      },
      failed: (service, error) => {
        if (life === this.deaths && !this.#isDead) this.#onlooker.broken(`${service}: ${String(error)}`);
      },
    };
  }

  #perform(record: ServiceRecord, action: ServiceAction): ServiceEvent | null {
    const { definition } = record;
    const service = definition.name;
    switch (action.tag) {
      case "spawn":
        return this.#spawn(definition);
      case "signal-main":
        this.fates.request(this.processes.mainOf(service));
        return null;
      case "signal-all":
        for (const member of this.processes.membersOf(service)) this.fates.request(member);
        return null;
      case "kill-main":
        this.fates.kill(this.processes.mainOf(service));
        return null;
      case "kill-all":
        for (const member of this.processes.membersOf(service)) this.fates.kill(member);
        return null;
      case "run-stop-command":
        return this.#runStopCommand(definition);
      case "relay":
        if (this.#draw.happens(0.3)) return null;
        if (this.#draw.happens(0.3)) this.fates.request(this.processes.mainOf(service));
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
        this.#hooks.run(service, action.hook);
        return null;
      case "kill-hook":
        this.#hooks.kill(service);
        return null;
      case "drop-hook":
        this.#hooks.drop(service);
        return null;
      case "restart-in-order":
      case "tell-failure":
      case "run-reload-command":
      case "end-supervisor":
        return null;
    }
  }

  #spawn(definition: Definition): ServiceEvent {
    this.#memory.spawning(definition.name);
    if (this.#draw.happens(0.08)) return { tag: "spawn-failed", reason: "exec failed" };
    const main = this.fates.create(definition.name, "main");
    this.#memory.begun(definition.name);
    if (!this.#draw.happens(0.1)) {
      this.fates.live(main, definition);
      return { tag: "spawned", pid: main.pid };
    }
    this.#unexecuted.add(main);
    const life = this.deaths;
    const { pid } = main;
    const decided = this.#draw.pick(["spawned", "spawn-failed", "never"] as const);
    this.time.after(this.#draw.pick([1, 300, 4_999, 5_001, 14_000, 40_000]), () => {
      if (!main.isAlive || decided === "never") return;
      this.#unexecuted.delete(main);
      if (decided === "spawned") this.fates.live(main, definition);
      // To a successor, it is a process that ends.
      else if (life !== this.deaths || this.#isDead) return this.processes.end(main, { tag: "code", code: 1 });
      else this.processes.vanish(main);
      this.#tell(definition.name, decided === "spawned" ? { tag: decided, pid } : { tag: decided, reason: "" });
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
      if (this.#looks.get(service) === asked) this.#tell(service, event);
    });
    return null;
  }

  /** What concerns a service beyond its process, while it is in this state. */
  #accompany({ definition: { name }, state }: ServiceRecord): void {
    const tell = (after: number, event: LifeEvent): void =>
      this.time.after(after, () => {
        if (this.fleet.get(name) === null || this.#isDead) return;
        if (event.tag === "due" || event.tag === "demanded") this.#onlooker.called(name);
        this.#tell(name, event);
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

  #writePidFile(service: string): void {
    if (this.#draw.happens(0.2)) return;
    this.time.after(this.#draw.pick([0, 5, 300, 59_000]), () => {
      const record = this.fleet.get(service);
      const [named] = this.processes.othersOf(service);
      if (record?.state.tag !== "naming" || named === undefined) return;
      this.processes.name(named);
      this.#tell(service, { tag: "named", pid: named.pid });
    });
  }

  #runStopCommand({ name, stop }: Definition): ServiceEvent | null {
    const failed: ServiceEvent = { tag: "stop-command-failed" };
    if (this.#draw.happens(0.2)) return failed;
    const isObeyed = this.#draw.happens(0.5);
    this.time.after(isObeyed ? 20 : this.#draw.pick([0, 70, stop.timeout]), () => {
      if (isObeyed) this.fates.request(this.processes.mainOf(name));
      else this.#tell(name, failed);
    });
    return null;
  }

  /** The supervisor's room looks at the services that only wait for their last process. */
  #tellIfEmpty(service: string): void {
    const tag = this.fleet.get(service)?.state.tag;
    if (tag !== "naming" && tag !== "sweeping" && tag !== "stuck") return;
    if (this.processes.membersOf(service).length === 0) this.#tell(service, { tag: "emptied" });
  }
}

function isAwaiting({ state }: ServiceRecord): boolean {
  return state.tag === "starting" && state.phase === "ready";
}
