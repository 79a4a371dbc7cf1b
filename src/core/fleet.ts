/*
 * All services together. Events are posted to an inbox and drained in order, so that what one service does about an
 * event (an action that ends at once, a change that another one has to hear of) never recurses.
 *
 * The fleet is pure: time, chance and effects come through its ports. An exception in the handling of one event is
 * handed to the port `failed`; the service concerned keeps its state (a spawn that has no outcome makes it failed) and the
 * rest goes on.
 */
import type { Definition } from "./definition.ts";
import { type Exit, exitWordsOf } from "./exit.ts";
import type { ServiceAction, ServiceEvent } from "./service-event.ts";
import { type ServiceRecord, newRecord } from "./service-record.ts";
import { PUBLIC_STATE_OF, type ServiceState, deadlineOf, isAtRest, mainPidOf } from "./service-state.ts";
import { step } from "./step.ts";
import type { Step } from "./transitions.ts";
import type { Instant, WallTime } from "./units.ts";

export interface FleetPorts {
  now(): Instant;
  wall(): WallTime;
  /** A number from 0 to 1. */
  jitter(): number;
  /** Carries an action out. An event that follows at once is returned and is handled before any other. */
  perform(record: ServiceRecord, action: ServiceAction): ServiceEvent | null;
  /** Called after each step that changed a record. */
  changed(record: ServiceRecord, previous: ServiceRecord): void;
  /** The service's record is gone for good. */
  forgotten(record: ServiceRecord): void;
  failed(service: string, error: unknown): void;
}

interface Letter {
  readonly service: string;
  readonly event: ServiceEvent;
}

export class Fleet {
  readonly #records = new Map<string, ServiceRecord>();
  readonly #ports: FleetPorts;
  #inbox: Letter[] = [];
  #draining = false;

  constructor(ports: FleetPorts) {
    this.#ports = ports;
  }

  get(service: string): ServiceRecord | null {
    return this.#records.get(service) ?? null;
  }

  records(): IterableIterator<ServiceRecord> {
    return this.#records.values();
  }

  get size(): number {
    return this.#records.size;
  }

  /** A new service, down. */
  add(definition: Definition): void {
    this.#records.set(definition.name, newRecord(definition, this.#ports.wall()));
  }

  /** Takes the service out once nothing of it is left; stops it first. */
  remove(service: string): void {
    this.amend(service, { removed: true });
    this.want(service, "down", false);
  }

  /** Gives the service another definition; at once if nothing of it runs or `how` is "live", else with its next run. */
  redefine(service: string, definition: Definition, how: "live" | "restart"): void {
    const record = this.#records.get(service);
    if (record === undefined) return;
    // What is live compared with a definition that still waits may differ from the one that runs in more than that.
    const mayChangeNow = (how === "live" && record.next === null) || hasNoProcess(record.state);
    const relay = definition.reload.signalIsWritten ? { endsOnRelay: false } : {};
    this.#replace(record, {
      ...record,
      ...(mayChangeNow ? { definition, next: null } : { next: definition }),
      ...relay,
      removed: false,
    });
  }

  /** Says what is wanted, and asks for it. `byHand`: an operator said so, which outlives reloads and restarts. */
  want(service: string, want: "up" | "down", byHand: boolean): void {
    this.amend(service, { want, wantedByHand: byHand, stale: false });
    this.post(service, { tag: want === "up" ? "start-asked" : "stop-asked" });
  }

  restart(service: string, byHand: boolean): void {
    this.amend(service, { want: "up", wantedByHand: byHand || this.get(service)?.wantedByHand === true });
    this.post(service, { tag: "restart-asked" });
  }

  /** Changes what is noted of a service without an event. */
  amend(service: string, change: Partial<Omit<ServiceRecord, "state" | "definition">>): void {
    const record = this.#records.get(service);
    if (record !== undefined) this.#replace(record, { ...record, ...change });
  }

  post(service: string, event: ServiceEvent): void {
    this.#inbox.push({ service, event });
    if (!this.#draining) this.#drain();
  }

  /** Tells every service whose deadline has come. */
  expire(): void {
    const now = this.#ports.now();
    for (const record of this.#records.values()) {
      const deadline = deadlineOf(record.state);
      if (deadline !== null && deadline <= now) this.post(record.definition.name, { tag: "deadline-passed" });
    }
  }

  /** The earliest deadline of all, or null. */
  nextDeadline(): Instant | null {
    let earliest: Instant | null = null;
    for (const record of this.#records.values()) {
      const deadline = deadlineOf(record.state);
      if (deadline !== null && (earliest === null || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  #drain(): void {
    this.#draining = true;
    try {
      for (let letter = this.#inbox.shift(); letter !== undefined; letter = this.#inbox.shift()) this.#deliver(letter);
    } finally {
      this.#draining = false;
    }
  }

  #deliver(letter: Letter): void {
    try {
      let event: ServiceEvent | null = letter.event;
      const queue: ServiceEvent[] = [event];
      while ((event = queue.shift() ?? null) !== null) queue.push(...this.#apply(letter.service, event));
    } catch (error) {
      this.#abandonLaunch(letter.service, error);
      this.#ports.failed(letter.service, error);
    }
    this.#forgetIfGone(letter.service);
  }

  /** The outcome of this spawn will not arrive any more, and nothing else ends this state. */
  #abandonLaunch(service: string, error: unknown): void {
    const record = this.#records.get(service);
    if (record?.state.tag !== "launching") return;
    const reason = `internal error: ${error instanceof Error ? error.message : String(error)}`;
    this.#replace(record, { ...record, state: { tag: "failed", reason }, since: this.#ports.wall() });
  }

  /** One step of one service; returns the events that followed at once. */
  #apply(service: string, event: ServiceEvent): readonly ServiceEvent[] {
    const before = this.#records.get(service);
    if (before === undefined || isLate(before, event, this.#ports.now())) return [];
    const context = { definition: before.definition, now: this.#ports.now(), jitter: this.#ports.jitter() };
    const result = step(before.state, event, context);

    const after = this.#advance(before, event, result);
    if (after !== before) this.#replace(before, after);
    const followers: ServiceEvent[] = [];
    for (const action of result.actions) {
      const current = this.#records.get(service);
      const follower = current === undefined ? null : this.#ports.perform(current, action);
      if (follower !== null) followers.push(follower);
    }
    return followers;
  }

  /** What the record says after the step. */
  #advance(before: ServiceRecord, event: ServiceEvent, { state, actions }: Step): ServiceRecord {
    const spawn = actions.find((action) => action.tag === "spawn");
    const entersAnother = PUBLIC_STATE_OF[before.state.tag] !== PUBLIC_STATE_OF[state.tag];
    // That the starter of a daemon has left it is no end of the service.
    const isEnd = event.tag === "exited" && state.tag !== "naming";
    const exit = isEnd ? { lastExit: this.#exitOf(before, event.exit) } : {};
    if (state === before.state && spawn === undefined && event.tag !== "exited") return before;
    const takesNext = spawn !== undefined || hasNoProcess(state);
    return {
      ...before,
      ...exit,
      ...(takesNext ? { definition: before.next ?? before.definition, next: null } : {}),
      // That something cannot be killed is over with it.
      ...(before.state.tag === "stuck" && state.tag !== "stuck" ? { note: null } : {}),
      state,
      since: entersAnother || spawn !== undefined ? this.#ports.wall() : before.since,
      startedAt: startOf(before, state),
      ...(event.tag === "reset-asked"
        ? { want: state.tag === "down" ? ("down" as const) : before.want, restarts: 0 }
        : {}),
      ...(actions.some((action) => action.tag === "note-ended-by-relay") ? { endsOnRelay: true } : {}),
      ...(spawn === undefined
        ? {}
        : {
            restarts: spawn.automatic ? before.restarts + 1 : 0,
            stale: false,
            note: null,
          }),
    };
  }

  #exitOf(before: ServiceRecord, exit: Exit): ServiceRecord["lastExit"] {
    const words = exitWordsOf(exit);
    const overdue = before.state.tag === "stopping" && before.state.force === "overdue";
    const reason = overdue ? `did not stop within ${before.definition.stop.timeout / 1000}s: ${words}` : words;
    return { at: this.#ports.wall(), exit, reason };
  }

  #replace(before: ServiceRecord, after: ServiceRecord): void {
    this.#records.set(after.definition.name, after);
    this.#ports.changed(after, before);
  }

  #forgetIfGone(service: string): void {
    const record = this.#records.get(service);
    if (record === undefined || !record.removed || !isAtRest(record.state)) return;
    this.#records.delete(service);
    this.#ports.forgotten(record);
  }
}

/** true: no process runs that was started with the definition, so that another one may take its place. */
function hasNoProcess(state: ServiceState): boolean {
  return isAtRest(state) || state.tag === "backoff";
}

function startOf(before: ServiceRecord, state: ServiceState): Instant | null {
  if (mainPidOf(state) === null) return null;
  if ("startedAt" in state) return state.startedAt;
  return before.startedAt;
}

// A deadline that was posted may be overtaken by another event of the same turn.
function isLate(record: ServiceRecord, event: ServiceEvent, now: Instant): boolean {
  if (event.tag !== "deadline-passed") return false;
  const deadline = deadlineOf(record.state);
  return deadline === null || deadline > now;
}
