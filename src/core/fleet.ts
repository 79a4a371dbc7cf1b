/*
 * All services together. Events are posted to an inbox and drained in order, so that what one service does about an
 * event (an action that ends at once, a change that another one has to hear of) never recurses. When the inbox is empty,
 * the links between services are looked at (order.ts), and what follows from them is drained in the same way.
 *
 * The fleet is pure: time, chance and effects come through its ports. An exception in the handling of one event is
 * handed to the port `failed`; its service keeps its state (a spawn without outcome makes it failed) and the rest goes on.
 */
import type { Definition } from "./definition.ts";
import { abandonedRecord, advanceRecord, amendedRecord } from "./advance-record.ts";
import { annotatedRecord } from "./annotated-record.ts";
import { Deadlines } from "./deadlines.ts";
import type { FleetPorts } from "./fleet-ports.ts";
import { forEachInSpite } from "./in-spite.ts";
import { Order } from "./order.ts";
import { type Letter, type ServiceAction, type ServiceEvent, asksForStart } from "./service-event.ts";
import type { PlainData } from "./plain-data.ts";
import { type ContextSource, RecordContext } from "./record-context.ts";
import type { Restoration } from "./restore-record.ts";
import { redefined } from "./redefine-record.ts";
import { type Asked, type ServiceRecord, isDeadlineOver, newRecord } from "./service-record.ts";
import { isAtRest } from "./service-state.ts";
import { step } from "./step.ts";
import type { Instant } from "./units.ts";

const ENABLE: Asked = { how: "enable-asked", byHand: false };

export class Fleet {
  readonly #records = new Map<string, ServiceRecord>();
  readonly #deadlines = new Deadlines();
  readonly #ports: FleetPorts;
  readonly #order: Order;
  readonly #source: ContextSource;
  #inbox: Letter[] = [];
  #draining = false;
  #isClosing = false;

  constructor(ports: FleetPorts) {
    this.#ports = ports;
    this.#order = new Order({
      get: (service) => this.get(service),
      post: (service, event) => this.#inbox.push({ service, event }),
      amend: (service, change) => this.amend(service, change),
    });
    this.#source = { gateOf: (record) => this.#order.gateOf(record), jitter: () => ports.jitter() };
  }

  /** Who requires, wants, follows and excludes whom. */
  get links(): Order["links"] {
    return this.#order.links;
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

  /** A service as a predecessor has left it, or a new one: nothing follows from it before `resume`. */
  place(record: ServiceRecord): void {
    this.#records.set(record.definition.name, record);
    this.#deadlines.note(record.definition.name, record.state);
    this.#order.place(record);
  }

  /** All services are in their places: goes on with those that a predecessor has left. */
  resume(restorations: readonly Restoration[]): void {
    this.together(() => {
      for (const { record, actions, events } of restorations) {
        const service = record.definition.name;
        const followers = [...events];
        try {
          forEachInSpite(actions, (action) => this.#perform(service, action, followers));
        } catch (error) {
          this.#ports.failed(service, error);
        }
        for (const event of followers) this.#inbox.push({ service, event });
      }
      for (const { record } of restorations) this.#order.askAgain(record);
      for (const { record } of restorations) this.#forgetIfGone(record.definition.name);
    });
  }

  /** A new service, down. */
  add(definition: Definition): void {
    this.place(newRecord(definition, this.#ports.wall()));
    this.#drain();
  }

  /** Takes the service out once nothing of it is left; stops it first. */
  remove(service: string): void {
    this.#end(service, { removed: true, wantedByHand: false });
  }

  /** Gives the service another definition; at once if nothing of it runs or `how` is "live", else with its next run. */
  redefine(service: string, definition: Definition, how: "live" | "restart"): void {
    const record = this.#records.get(service);
    if (record === undefined) return;
    this.#replace(record, redefined(record, definition, how));
    // Its links count at once, also for the run that was started with others.
    this.#order.define(definition);
    this.#drain();
  }

  /**
   * Says what is wanted, and asks for it. `byHand`: an operator said so, which outlives reloads and restarts. What is to be up
   * brings in what it requires and wants; what is to be down has those that require it stop first, and wait for it.
   */
  want(service: string, want: "up" | "down", byHand: boolean): void {
    if (want === "down") this.#end(service, { wantedByHand: byHand });
    else this.#begin(service, { how: "start-asked", byHand: true }, { want, wantedByHand: byHand, stale: false });
  }

  /** It runs from now on, at once or when its schedule or a connection says so; it is what its definition says, not an operator. */
  enable(service: string): void {
    // Told at once, it need not be noted: nothing lies between that a successor could miss.
    if (!this.#draining && this.links.isAlone(service)) this.together(() => this.#order.begin(service, ENABLE));
    else this.#begin(service, ENABLE, {});
  }

  /** Starts it for another one: what an operator has stopped, or what has failed, is not brought in for that. */
  start(service: string): void {
    this.#begin(service, { how: "start-asked", byHand: false }, { want: "up", stale: false });
  }

  /** `isAsked`: an operator asks, be it for what the definition says anyway. */
  restart(service: string, byHand: boolean, isAsked = byHand): void {
    const wantedByHand = byHand || this.get(service)?.wantedByHand === true;
    this.#begin(service, { how: "restart-asked", byHand: isAsked }, { want: "up", wantedByHand });
  }

  /** What is asked is noted together with what is wanted, so that a successor knows of it. */
  #begin(service: string, asked: Asked, change: Partial<Pick<ServiceRecord, "want" | "wantedByHand" | "stale">>): void {
    this.together(() => {
      this.amend(service, { ...change, asked });
      this.#order.begin(service, asked);
    });
  }

  #end(service: string, change: Pick<ServiceRecord, "wantedByHand"> & { readonly removed?: true }): void {
    this.together(() => {
      this.amend(service, { ...change, want: "down", stale: false, asked: null });
      this.#order.ask(service, "stop-asked");
    });
  }

  /** Has the service end, those that require it first, whatever is wanted of it. */
  stop(service: string): void {
    this.together(() => this.#order.ask(service, "stop-asked"));
  }

  /** Stops everything, in the reverse of the order in which it would be started; nothing is started any more after it. */
  stopAll(): void {
    this.#isClosing = true;
    for (const service of this.links.inStartOrder(this.#records.keys()).toReversed()) this.stop(service);
  }

  /** Kills everything of the service at once, whoever requires it. */
  kill(service: string): void {
    this.together(() => {
      this.#inbox.push({ service, event: { tag: "kill-asked" } });
      this.#order.release(service);
    });
  }

  /** Changes what is noted of a service without an event. */
  amend(service: string, change: Partial<Omit<ServiceRecord, "state" | "definition">>): void {
    const record = this.#records.get(service);
    if (record !== undefined) this.#replace(record, amendedRecord(record, change));
    this.#drain();
  }

  /** Has something written down for a successor (null: nothing any more); nothing follows from it, so it may be called at any time. */
  annotate(service: string, word: string, data: PlainData): void {
    const before = this.#records.get(service);
    this.annotateNext(service, word, data);
    const after = this.#records.get(service);
    if (after !== undefined && after !== before) this.#ports.annotated(after);
  }

  /** As `annotate`, but written down only with the next change of the service, which is to follow at once, or when this one is told. */
  annotateNext(service: string, word: string, data: PlainData): void {
    const record = this.#records.get(service);
    if (record !== undefined) this.#records.set(service, annotatedRecord(record, word, data));
  }

  post(service: string, event: ServiceEvent): void {
    this.together(() => {
      const { want, state } = this.get(service) ?? {};
      const isCall = event.tag === "due" || event.tag === "demanded";
      // It is to run now: what it needs is brought in, what it conflicts with has to make way.
      if (isCall && want === "up" && state?.tag === "waiting") this.#order.startOthers(service, false);
      this.#inbox.push({ service, event });
    });
  }

  /** Tells every service whose deadline has come. */
  expire(): void {
    const now = this.#ports.now();
    for (const record of this.#records.values())
      if (isDeadlineOver(record, now)) this.post(record.definition.name, { tag: "deadline-passed" });
  }

  /** The earliest deadline of all, or null. */
  nextDeadline(): Instant | null {
    return this.#deadlines.earliest;
  }

  /** Several changes that belong together: nothing follows from the first before the last has been made. */
  together(change: () => void): void {
    const isOutermost = !this.#draining;
    this.#draining = true;
    try {
      change();
    } finally {
      if (isOutermost) this.#draining = false;
    }
    this.#drain();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      do {
        for (let letter = this.#inbox.shift(); letter !== undefined; letter = this.#inbox.shift())
          this.#deliver(letter);
        this.#settle();
      } while (this.#inbox.length > 0);
    } finally {
      this.#draining = false;
    }
  }

  #settle(): void {
    try {
      this.#order.settle();
    } catch (error) {
      this.#ports.failed(null, error);
    }
  }

  #deliver(letter: Letter): void {
    try {
      const events = [letter.event];
      for (const event of events) this.#apply(letter.service, event, events);
    } catch (error) {
      const record = this.#records.get(letter.service);
      // The outcome of this spawn will not arrive any more, and nothing else ends this state.
      if (record?.state.tag === "launching") this.#replace(record, abandonedRecord(record, error, this.#ports.wall()));
      this.#ports.failed(letter.service, error);
    }
    this.#forgetIfGone(letter.service);
  }

  /** One step of one service; events that follow at once are added to `followers`. */
  #apply(service: string, event: ServiceEvent, followers: ServiceEvent[]): void {
    const before = this.#records.get(service);
    if (before === undefined || (this.#isClosing && asksForStart(event))) return;
    const now = this.#ports.now();
    if (event.tag === "deadline-passed" && !isDeadlineOver(before, now)) return;
    const { state, actions } = step(before.state, event, new RecordContext(before, now, this.#source));
    const after = advanceRecord(before, event, { state, actions, wall: this.#ports.wall() });
    if (after !== before) this.#replace(before, after, actions);
    forEachInSpite(actions, (action) => this.#perform(service, action, followers));
    if (after !== before && actions.length > 0) this.#ports.performed(service);
  }

  #perform(service: string, action: ServiceAction, followers: ServiceEvent[]): void {
    const current = this.#records.get(service);
    // What is held ends soon enough, and may be meant to stay down then.
    if (action.tag === "restart-in-order" && current?.held === null) this.#order.ask(service, "restart-asked");
    const follower = current === undefined ? null : this.#ports.perform(current, action);
    if (follower !== null) followers.push(follower);
  }

  #replace(before: ServiceRecord, after: ServiceRecord, actions: readonly ServiceAction[] | null = null): void {
    this.#records.set(after.definition.name, after);
    if (after.state !== before.state) this.#deadlines.note(after.definition.name, after.state);
    this.#order.changed(after, before);
    this.#ports.changed(after, before, actions);
  }

  #forgetIfGone(service: string): void {
    const record = this.#records.get(service);
    if (record === undefined || !record.removed || !isAtRest(record.state)) return;
    this.#records.delete(service);
    this.#deadlines.forget(service);
    this.#order.forget(service);
    this.#ports.forgotten(record);
  }
}
