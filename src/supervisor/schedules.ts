/*
 * Services with a [schedule]: tells each when it is due, by the wall clock.
 *
 * A schedule is at work as long as the service is wanted. While the service waits for it, a time that comes is told; while
 * the service runs, the time is left out or queued, as its definition says. There is one timer for all. It follows the
 * monotonic clock, so whenever the wall clock was set or the machine has slept, everything is looked at again: a time that
 * has been passed over is told once, and none is told that was dealt with before the clock was set back.
 *
 * What was dealt with last is remembered beyond the end of the supervisor. With `catch_up` a time that passed while the
 * schedule was not at work is made up for when it is at work again, once.
 *
 * Over the death of a supervisor the schedule was at work all along: a time that came meanwhile is told by the successor, and
 * one that the predecessor has told is not told again.
 */
import type { Definition } from "../core/definition.ts";
import type { SchedulePolicy } from "../core/life-policies.ts";
import { isTrueIn, numberIn } from "../core/plain-data.ts";
import { nextDue, ruleOf } from "../core/schedule.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { type WallTime, millis, spanBetween } from "../core/units.ts";
import { isoOf } from "../core/view.ts";
import type { Annotate, Companion, Tell } from "./companion.ts";
import type { ClockPort, Report, TimerPort } from "./ports.ts";
import { type SchedulePhase, schedulePhaseOf } from "./schedule-phase.ts";
import { ScheduleMemory, type ScheduleMemoryPort } from "./schedule-memory.ts";

export interface SchedulesPorts {
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  readonly report: Report;
  readonly tell: Tell;
  readonly annotate: Annotate;
  readonly memory: ScheduleMemoryPort;
  /** When it is due next, to be shown. Not called within a step. */
  amend(service: string, change: { readonly dueAt: WallTime | null }): void;
  /** A number from 0 to 1. */
  chance(): number;
  /** The time zone of the machine, by its IANA name. */
  zone(): string;
  /** Calls back whenever the wall clock was set or the machine has slept, until the returned function is called. */
  onClockSet(changed: () => void): () => void;
}

interface Entry {
  readonly service: string;
  policy: SchedulePolicy;
  phase: SchedulePhase;
  /** true: it has not been reckoned with yet since it is at work, or its definition has changed. */
  isNew: boolean;
  /** true: it was not at work before, so what was missed may be made up for. */
  mayMakeUp: boolean;
  /** By the schedule. */
  due: WallTime | null;
  /** When it is told: a chance time later. */
  at: WallTime | null;
  shown: WallTime | null;
  /** true: it is down because its condition was not met the last time. */
  isUnmet: boolean;
  /** true: it runs, or is about to, because it was told so. */
  isTold: boolean;
  /** true: it is due again once the present run is over. */
  isQueued: boolean;
  /** true: for the present run it was said that a time was left out. */
  hasSaidSkipped: boolean;
  /** What is written down of it. */
  written: string;
}

/** The word under which it is written down what is due, and whether it is queued. */
const SCHEDULE = "schedule";

/** setTimeout fires at once for more than 2^31 - 1 ms; and a wake-up a day costs nothing. */
const LONGEST_WAIT_MS = 86_400_000;

export class Schedules implements Companion {
  readonly #ports: SchedulesPorts;
  readonly #memory: ScheduleMemory;
  readonly #entries = new Map<string, Entry>();
  #isLookScheduled = false;
  #cancelTimer: (() => void) | null = null;
  #unwatchClock: (() => void) | null = null;

  constructor(ports: SchedulesPorts) {
    this.#ports = ports;
    this.#memory = new ScheduleMemory(ports.memory, ports.report);
  }

  concerns({ schedule }: Definition): boolean {
    return schedule !== null;
  }

  changed(record: ServiceRecord): void {
    const policy = record.definition.schedule;
    const service = record.definition.name;
    const entry = this.#entries.get(service) ?? (policy === null ? null : this.#add(service, policy));
    if (entry === null) return;
    if (policy === null) return this.#end(entry);
    const phase = schedulePhaseOf(record);
    if (policy === entry.policy && phase === entry.phase) return;
    const isOther = ruleOf(policy) !== ruleOf(entry.policy);
    if (isOther || entry.phase === "off") entry.isNew = true;
    const isBegun = phase === "busy" && entry.phase !== "busy";
    const isByHand = isBegun && !entry.isTold;
    if (phase !== "busy") entry.isTold = entry.hasSaidSkipped = false;
    const isUnmet = record.state.tag === "down" && record.state.why === "condition";
    Object.assign(entry, { policy, phase, isUnmet });
    if (isByHand) this.#startedByHand(entry);
    this.#lookSoon();
  }

  adopted(record: ServiceRecord): void {
    const policy = record.definition.schedule;
    if (policy === null) return;
    const entry = this.#add(record.definition.name, policy);
    const written = record.beside[SCHEDULE];
    const [due, at] = [numberIn(written, "due") as WallTime | null, record.dueAt];
    const isUnmet = record.state.tag === "down" && record.state.why === "condition";
    Object.assign(entry, {
      phase: schedulePhaseOf(record),
      isUnmet,
      shown: at,
      written: JSON.stringify(written ?? null),
    });
    entry.isQueued = isTrueIn(written, "queued");
    if (due === null || at === null) entry.isNew = true;
    else if (at > this.#ports.clock.wall() || !this.#hasStartedSince(record, at)) Object.assign(entry, { due, at });
    else {
      // It was told, and nobody has noted that.
      this.#memory.remember(entry.service, { at: due, rule: ruleOf(policy) });
      this.#plan(entry, false);
    }
    this.#lookSoon();
  }

  forgotten(service: string): void {
    this.#entries.delete(service);
    this.#memory.forget(service);
    this.#lookSoon();
  }

  close(): void {
    this.#cancelTimer?.();
    this.#unwatchClock?.();
    this.#entries.clear();
    this.#memory.save();
  }

  #add(service: string, policy: SchedulePolicy): Entry {
    const entry: Entry = {
      service,
      policy,
      phase: "off",
      isNew: false,
      mayMakeUp: true,
      due: null,
      at: null,
      shown: null,
      isUnmet: false,
      isTold: false,
      isQueued: false,
      hasSaidSkipped: false,
      written: "null",
    };
    this.#entries.set(service, entry);
    this.#unwatchClock ??= this.#ports.onClockSet(() => this.#clockSet());
    return entry;
  }

  #end(entry: Entry): void {
    this.#entries.delete(entry.service);
    this.#ports.timers.soon(() => {
      this.#ports.annotate(entry.service, SCHEDULE, null);
      if (entry.shown !== null) this.#ports.amend(entry.service, { dueAt: null });
    });
    this.#lookSoon();
  }

  /** Nothing is left to be made up for; and a grid of times begins with the last start, whoever asked for it. */
  #startedByHand(entry: Entry): void {
    entry.mayMakeUp = false;
    if (entry.policy.every === null) return;
    entry.isNew = true;
    this.#memory.remember(entry.service, { at: this.#ports.clock.wall(), rule: ruleOf(entry.policy) });
  }

  #clockSet(): void {
    this.#look();
    for (const entry of this.#entries.values()) if (entry.phase !== "off") this.#plan(entry, false);
    this.#look();
  }

  #lookSoon(): void {
    if (this.#isLookScheduled) return;
    this.#isLookScheduled = true;
    this.#ports.timers.soon(() => {
      this.#isLookScheduled = false;
      this.#look();
    });
  }

  /** Brings every schedule up to the present moment, and arms the timer for the next one that is due. */
  #look(): void {
    const now = this.#ports.clock.wall();
    for (const entry of [...this.#entries.values()]) {
      this.#settle(entry);
      if (entry.at !== null && entry.at <= now) this.#comeDue(entry);
      this.#show(entry);
    }
    this.#memory.save();
    this.#arm();
  }

  #settle(entry: Entry): void {
    if (entry.phase === "off") {
      Object.assign(entry, { due: null, at: null, isQueued: false, isNew: false, mayMakeUp: true });
    } else if (entry.isNew) {
      entry.isNew = false;
      this.#plan(entry, entry.mayMakeUp && entry.policy.catchUp);
    }
    if (entry.phase === "idle" && entry.isQueued) this.#run(entry);
  }

  #plan(entry: Entry, makesUp: boolean): void {
    const { service, policy } = entry;
    const now = this.#ports.clock.wall();
    const rule = ruleOf(policy);
    const last = this.#memory.last(service, rule);
    if (last === null) this.#memory.remember(service, { at: now, rule });
    const due = nextDue(policy, { now, last: last ?? now, zone: this.#ports.zone(), makesUp });
    if (due === entry.due) return;
    const jitter = Math.floor(policy.jitter * this.#ports.chance());
    entry.due = due;
    entry.at = due === null ? null : ((Math.max(due, makesUp ? now : due) + jitter) as WallTime);
  }

  #comeDue(entry: Entry): void {
    const { service, due, policy } = entry;
    if (due === null) return;
    this.#memory.remember(service, { at: due, rule: ruleOf(policy) });
    if (entry.phase === "idle") this.#run(entry);
    else if (policy.overlap === "queue") entry.isQueued = true;
    else if (!entry.hasSaidSkipped) {
      entry.hasSaidSkipped = true;
      this.#ports.report("notice", `${service}: the run of ${isoOf(due)} is left out, the one before is still at work`);
    }
    this.#plan(entry, false);
  }

  #run(entry: Entry): void {
    entry.isQueued = false;
    entry.isTold = true;
    // One that is down waits for nothing: it has to be started, and its condition is looked at again.
    this.#ports.tell(entry.service, { tag: entry.isUnmet ? "start-asked" : "due" });
  }

  /** true: its run began at this time or after it. */
  #hasStartedSince({ state }: ServiceRecord, at: WallTime): boolean {
    if (!("startedAt" in state)) return false;
    const { clock } = this.#ports;
    return clock.wall() - spanBetween(state.startedAt, clock.now()) >= at;
  }

  #show(entry: Entry): void {
    const { service, due, isQueued } = entry;
    const data = due === null && !isQueued ? null : { due, queued: isQueued };
    const written = JSON.stringify(data);
    if (written !== entry.written) this.#ports.annotate(service, SCHEDULE, data);
    entry.written = written;
    if (entry.at === entry.shown) return;
    entry.shown = entry.at;
    this.#ports.amend(entry.service, { dueAt: entry.at });
  }

  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const times = [...this.#entries.values()].flatMap(({ at }) => (at === null ? [] : [at]));
    if (times.length === 0) return;
    const next = times.reduce((earliest, at) => (at < earliest ? at : earliest));
    const wait = millis(Math.min(Math.max(next - this.#ports.clock.wall(), 1), LONGEST_WAIT_MS));
    this.#cancelTimer = this.#ports.timers.after(wait, () => {
      this.#cancelTimer = null;
      this.#look();
    });
  }
}
