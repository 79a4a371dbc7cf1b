/*
 * Starts and stops in the order of the links. A service that is to be stopped is held until those that require it have
 * stopped; they are asked to, and wait for it from then on. A service that may not start yet waits, and is told whenever what
 * keeps it changes. So each step looks at one service alone, and this looks at what lies between them.
 */
import { type Gate, type LookUp, gateOf, isSatisfied } from "./gate.ts";
import { Links } from "./links.ts";
import type { Definition } from "./definition.ts";
import { type Ask, differs, isComing, isInTheWay, isOfUse } from "./order-judgements.ts";
import type { RunEvent } from "./service-event.ts";
import type { Asked, ServiceRecord } from "./service-record.ts";
import { endsForGood, hasNoProcess, isAtRest, isEnding } from "./service-state.ts";
import { awaitsCall } from "./transitions.ts";

export interface OrderPorts {
  readonly get: LookUp;
  /** Puts an event into the inbox. */
  post(service: string, event: RunEvent | { readonly tag: "gate"; readonly gate: Gate | null }): void;
  /** Changes what is noted of it: in one where it belongs together, as a supervisor may die between two. */
  amend(service: string, change: Partial<Omit<ServiceRecord, "state" | "definition">>): void;
}

/** At once, or as its schedule or a socket says if it has one. */
export type Beginning = "start-asked" | "enable-asked";

export interface Call {
  readonly service: string;
  readonly how: Beginning;
}

export class Order {
  readonly links = new Links();
  readonly #ports: OrderPorts;
  readonly #held = new Set<string>();
  readonly #waiting = new Set<string>();
  /** Those of which something has changed that they may wait for. */
  readonly #touched = new Set<string>();
  /** Something has changed that those that are held may wait for. */
  #isOpen = false;

  constructor(ports: OrderPorts) {
    this.#ports = ports;
  }

  /** What keeps the service from being started now. */
  gateOf(record: ServiceRecord): Gate | null {
    return gateOf(record, this.links, this.#ports.get);
  }

  define(definition: Definition): void {
    this.links.set(definition);
    this.#touchAll();
    this.#yieldToHeld(definition.name);
  }

  /** A service as a predecessor has left it. */
  place(record: ServiceRecord): void {
    const { name } = record.definition;
    this.links.set(record.next ?? record.definition);
    mark(this.#held, name, record.held !== null);
    mark(this.#waiting, name, record.state.tag === "waiting" && record.state.on === "others");
    this.#touchAll();
  }

  /** What was asked of the service, and may have been lost with a predecessor before it was told. */
  askAgain({ definition: { name }, held, asked, want, state }: ServiceRecord): void {
    if (asked !== null && asked.how !== held) this.begin(name, asked);
    else if (held !== null) this.#askDependents(name);
    else if (want === "down" && !isAtRest(state) && !endsForGood(state)) this.ask(name, "stop-asked");
  }

  forget(service: string): void {
    this.links.remove(service);
    this.#held.delete(service);
    this.#waiting.delete(service);
    this.#touchAll();
  }

  /**
   * The service and all that it needs, in the order of their starts, the service last. What is not up yet is wanted from now on;
   * but what an operator stopped stays so unless an operator asks, and what conflicts with the service has to make way.
   * What waits to be called by its schedule or a connection is in nobody's way yet.
   */
  bringIn(service: string, byHand: boolean, how: Beginning): readonly Call[] {
    const own = { service, how };
    if (this.links.isAlone(service)) return [own];
    const needed = this.links.closureOf([service]);
    const lacking = [...needed].filter((name) => name !== service && this.#isLacking(name, byHand));
    const brought = this.#inStartOrder(lacking, needed).filter((name) => this.#bring(name, byHand));
    const calls = [...brought.map((name) => ({ service: name, how: this.#beginningOf(name, own) })), own];
    for (const call of calls) {
      if (!this.#startsNow(call)) continue;
      for (const rival of this.links.conflictsOf(call.service))
        if (!needed.has(rival)) this.#makeWay(rival, call.service);
    }
    return calls;
  }

  /** Has the service begin, and all that it needs before it. */
  #start(service: string, byHand: boolean, how: Beginning): void {
    for (const call of this.bringIn(service, byHand, how)) this.#startNow(call);
  }

  /** Has the service begin or begin anew, and all that it needs before it. */
  begin(service: string, { how, byHand }: Asked): void {
    if (how !== "restart-asked") return this.#start(service, byHand, how);
    this.startOthers(service, byHand);
    this.ask(service, how);
  }

  /** Has all that the service needs begin, but not itself. */
  startOthers(service: string, byHand: boolean): void {
    const calls = this.bringIn(service, byHand, "start-asked");
    for (const call of calls) if (call.service !== service) this.#startNow(call);
  }

  #startNow({ service, how }: Call): void {
    this.#ports.post(service, { tag: how });
    this.release(service);
    this.#yieldToHeld(service);
  }

  /** What it requires may wait until it has ended: it makes way, and comes back after that. */
  #yieldToHeld(service: string): void {
    const isHeld = ({ name }: { readonly name: string }): boolean => (this.#ports.get(name)?.held ?? null) !== null;
    if (this.#isActive(service) && this.links.requirementsOf(service).some(isHeld)) this.ask(service, "hold-asked");
  }

  /**
   * How one begins that another one needs. What a connection starts need not run before there is one; what a schedule starts
   * is run now if it is required, as what it does is needed now.
   */
  #beginningOf(service: string, own: Call): Beginning {
    const { service: other, how } = own;
    const record = this.#ports.get(service);
    if (record === null || !this.#startsNow(own)) return how;
    const definition = record.next ?? record.definition;
    if (definition.schedule !== null) return this.links.requiredBy(other).has(service) ? "start-asked" : how;
    return awaitsCall(definition) && isAtRest(record.state) ? "enable-asked" : how;
  }

  #startsNow({ service, how }: Call): boolean {
    const record = this.#ports.get(service);
    return how === "start-asked" || record === null || !awaitsCall(record.next ?? record.definition);
  }

  /** false: it is there already, or comes by itself, or is not brought in for another one. */
  #isLacking(name: string, byHand: boolean): boolean {
    const record = this.#ports.get(name);
    if (record === null || record.removed || (record.state.tag === "up" && record.want === "up")) return false;
    if (record.want === "down" && record.wantedByHand && !byHand) return false;
    if (record.state.tag === "done" && record.definition.type === "oneshot") return false;
    // It is there for those that connect, or has run.
    if (record.want === "up" && record.state.tag === "waiting" && isSatisfied(record)) return false;
    return record.want === "down" || !isComing(record.state);
  }

  /** Some of those that are needed, in the order in which all of them would be started. Mostly there are none. */
  #inStartOrder(some: readonly string[], needed: ReadonlySet<string>): readonly string[] {
    if (some.length <= 1) return some;
    const among = new Set(some);
    return this.links.inStartOrder(needed).filter((name) => among.has(name));
  }

  /** Has it wanted. true: it is to be started as well. */
  #bring(name: string, byHand: boolean): boolean {
    const record = this.#ports.get(name);
    if (record === null) return false;
    const isTried = byHand || record.state.tag !== "failed";
    if (record.want === "up") return isTried;
    // It may have been to stop, and still have waited for others to do so first.
    this.#ports.amend(name, { want: "up", wantedByHand: byHand, held: null });
    return isTried;
  }

  /** Has the service end, those that require it first. */
  ask(service: string, ask: Ask): void {
    const record = this.#ports.get(service);
    // To make way is the least that can be asked: it undoes no stop or restart that still waits for others.
    if (record === null || (ask === "hold-asked" && record.held !== null)) return;
    this.#askDependents(service);
    if (isOfUse(record, ask) && this.#isInUse(service)) return this.#ports.amend(service, { held: ask });
    this.#letGo(service, ask);
  }

  #askDependents(service: string): void {
    for (const dependent of this.links.dependentsOf(service)) {
      const other = this.#ports.get(dependent);
      if (other !== null && isInTheWay(other) && !isEnding(other.state)) this.ask(dependent, "hold-asked");
    }
  }

  /** It ends at once, whoever requires it. */
  release(service: string): void {
    if (this.#held.has(service)) this.#ports.amend(service, { held: null });
  }

  /** To be told of every change of a record. */
  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const { name } = record.definition;
    if (!differs(record, previous)) return;
    mark(this.#held, name, record.held !== null);
    mark(this.#waiting, name, record.state.tag === "waiting" && record.state.on === "others");
    this.#touched.add(name);
    for (const other of this.links.watchersOf(name)) this.#touched.add(other);
    this.#isOpen = true;
    if (previous.state.tag === "up" && record.state.tag !== "up") this.#takeAlong(name);
  }

  /** Once everything else has been handled: posts what follows for those that are held or wait. */
  settle(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#letFreeGo();
    const touched = [...this.#touched].filter((service) => this.#waiting.has(service));
    this.#touched.clear();
    for (const service of touched) {
      const record = this.#ports.get(service);
      if (record?.state.tag !== "waiting") continue;
      const gate = this.gateOf(record);
      if (gate?.reason !== record.state.reason || gate.pending !== record.state.pending)
        this.#ports.post(service, { tag: "gate", gate });
    }
  }

  #touchAll(): void {
    for (const service of this.#waiting) this.#touched.add(service);
    this.#isOpen = true;
  }

  #letFreeGo(): void {
    if (this.#held.size === 0) return;
    const free = [...this.#held].filter((service) => !this.#isInUse(service));
    for (const service of free.length > 0 ? free : this.#stuck()) {
      const held = this.#ports.get(service)?.held ?? null;
      if (held !== null) this.#letGo(service, held);
    }
  }

  #makeWay(rival: string, starting: string): void {
    const record = this.#ports.get(rival);
    if (record === null || (record.want === "down" && hasNoProcess(record.state))) return;
    const note = `stopped by a start of "${starting}"`;
    this.#ports.amend(rival, { want: "down", wantedByHand: false, asked: null, note });
    this.ask(rival, "stop-asked");
  }

  /** true: others have to stop before it. */
  #isInUse(service: string): boolean {
    for (const dependent of this.links.dependentsOf(service)) if (this.#isActive(dependent)) return true;
    for (const successor of this.links.successorsOf(service)) {
      const other = this.#ports.get(successor);
      if (other !== null && isInTheWay(other) && (other.held !== null || isEnding(other.state))) return true;
    }
    return false;
  }

  #isActive(service: string): boolean {
    const other = this.#ports.get(service);
    return other !== null && isInTheWay(other);
  }

  /** If all that are held wait for one another, nothing would ever happen: all of them are let go. */
  #stuck(): readonly string[] {
    for (const service of this.#held) {
      for (const other of [...this.links.dependentsOf(service), ...this.links.successorsOf(service)]) {
        const record = this.#ports.get(other);
        if (record !== null && record.held === null && isInTheWay(record)) return [];
      }
    }
    return [...this.#held];
  }

  /** In this order: as soon as it is not held any more, something that waits may start it. */
  #letGo(service: string, ask: Ask): void {
    this.#ports.post(service, { tag: ask });
    this.release(service);
  }

  /** It is no longer up: those that want to be restarted with it end now, and start again once it is back. */
  #takeAlong(service: string): void {
    for (const dependent of this.links.dependentsOf(service)) {
      const isBound = this.links
        .requirementsOf(dependent)
        .some(({ name, restartWith }) => name === service && restartWith);
      if (isBound && this.#isActive(dependent)) this.ask(dependent, "hold-asked");
    }
  }
}

function mark(set: Set<string>, service: string, isIn: boolean): void {
  if (isIn) set.add(service);
  else set.delete(service);
}
