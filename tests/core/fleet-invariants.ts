/* What must hold of a fleet at every moment, whatever happens. */
import type { Definition } from "../../src/core/definition.ts";
import type { Fleet } from "../../src/core/fleet.ts";
import type { ServiceAction } from "../../src/core/service-event.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import { gateOf, isSatisfied } from "../../src/core/gate.ts";
import { isInTheWay } from "../../src/core/order-judgements.ts";
import { deadlineOf, hasNoProcess, isAtRest, isEnding, mainPidOf } from "../../src/core/service-state.ts";
import type { FakeProcesses } from "./fake-processes.ts";
import type { Onlooker } from "./onlooker.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** States that must not last for ever, whatever their processes do; a oneshot may take its time, and hooks have their own. */
const LIMITED: ReadonlySet<string> = new Set(["execing", "starting", "naming", "stopping", "sweeping", "backoff"]);

/** States between runs in which a hook may be at work, and nothing of the service itself. */
const PAUSES: ReadonlySet<string> = new Set(["preparing", "cleaning", "launching"]);

/** What is known of a service from outside. */
interface Knowledge {
  /** true: it was told to stop, and nobody has asked for it since. */
  isHeld: boolean;
  /** true: it was stopped although it is wanted, as a shutdown does. */
  isOverruled: boolean;
  restarts: number;
  /** Short runs in a row, as the last backoff counted them. */
  failures: number;
  startedAt: number;
  isRemoved: boolean;
  /** What the current run was started with, or has been adjusted to since; null: it has not run yet. */
  definition: Definition | null;
}

export interface Scene {
  readonly fleet: Fleet;
  readonly processes: FakeProcesses;
  readonly time: VirtualTime;
}

export class FleetInvariants implements Onlooker {
  readonly #known = new Map<string, Knowledge>();
  #scene: Scene | null = null;
  #isClosing = false;
  /** How often a main process was started. */
  spawns = 0;
  readonly visited = new Set<string>();

  watch(scene: Scene): void {
    this.#scene = scene;
  }

  broken(what: string): never {
    throw new Error(what);
  }

  /** From now on everything stops. */
  closing(): void {
    this.#isClosing = true;
  }

  /** Somebody wants it to run, or does not. */
  asked(service: string, want: "up" | "down" | "overruled"): void {
    Object.assign(this.#of(service), { isHeld: want !== "up", isOverruled: want === "overruled" });
  }

  /** An operator, a definition or a call asks for it: what it needs is brought in. */
  broughtIn(service: string, byHand: boolean): void {
    const { fleet } = this.#present();
    for (const name of fleet.links.closureOf([service])) {
      const record = fleet.get(name);
      const isLeft = record?.want === "down" && record.wantedByHand && !byHand && name !== service;
      if (record !== null && !isLeft) this.asked(name, "up");
    }
  }

  called(service: string): void {
    const record = this.#present().fleet.get(service);
    // While everything stops nobody is called any more.
    if (this.#isClosing) return;
    if (record?.want === "up" && record.state.tag === "waiting") this.broughtIn(service, false);
  }

  defined(service: string, definition: Definition): void {
    Object.assign(this.#of(service), { isRemoved: false, definition });
  }

  removed(service: string): void {
    this.asked(service, "down");
    this.#of(service).isRemoved = true;
  }

  /** An operator forgives what has happened. */
  reset(record: ServiceRecord): void {
    const knows = this.#of(record.definition.name);
    if (["up", "waiting", "backoff", "done", "failed"].includes(record.state.tag)) knows.restarts = 0;
    if (["up", "waiting", "backoff"].includes(record.state.tag)) knows.failures = 0;
    // One that is down already stays as it is, also if it is wanted and only its condition is not met.
    if (isAtRest(record.state) && record.state.tag !== "down") knows.isHeld = true;
  }

  acting(record: ServiceRecord, action: ServiceAction): void {
    const { name } = record.definition;
    const { processes } = this.#present();
    if (action.tag === "signal-main" || action.tag === "kill-main" || action.tag === "relay") {
      const main = processes.mainOf(name)?.pid;
      if (main !== action.pid) this.broken(`${name}: ${action.tag} ${action.pid}, but its main process is ${main}`);
    }
    if (action.tag !== "spawn") return;
    this.spawns++;
    const knows = this.#of(name);
    const obstacles = processes.obstaclesOf(name).map(({ pid }) => pid);
    if (obstacles.length > 0) this.broken(`${name}: started while ${obstacles.join()} of it are alive`);
    if (knows.isHeld) this.broken(`${name}: started though it was stopped`);
    this.#checkStart(record);
    knows.restarts = action.automatic ? knows.restarts + 1 : 0;
    knows.startedAt = this.#present().time.now;
    knows.definition = record.definition;
    if (!action.automatic) knows.failures = 0;
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const { name } = record.definition;
    const [now, before] = [record.state, previous.state];
    this.visited.add(now.tag);
    // Nobody asked for that: it makes way for something that it conflicts with.
    if (previous.want === "up" && record.want === "down") this.asked(name, "overruled");
    if (now.tag === "backoff" && before.tag !== "backoff") this.#checkBackoff(record, previous.definition);
    this.#checkStop(record, previous);
    if (now.tag === "preparing") this.#of(name).startedAt = this.#present().time.now;
    this.#checkBeginning(record, previous);
  }

  /** A start begins, and be it that it is held back: by hand, after its time of waiting, or at once where that is allowed. */
  #checkBeginning({ definition: { name }, state: now }: ServiceRecord, previous: ServiceRecord): void {
    const before = previous.state;
    if (!("automatic" in now)) return;
    if (!now.automatic) this.#of(name).failures = 0;
    if (!now.automatic || (before.tag === "waiting" && now.tag === "waiting")) return;
    if ("automatic" in before && before.automatic === now.automatic && before.streak === now.streak) return;
    if (before.tag !== "backoff") this.#checkImmediateRestart(name, now.streak.failures, previous.definition);
    else if (this.#present().time.now < before.retryAt) this.broken(`${name}: started before its time`);
  }

  /** What was under way when a supervisor died may or may not have been; what is written down counts. */
  succeeded(records: readonly ServiceRecord[]): void {
    for (const record of records) {
      const { state, restarts, removed, want, definition } = record;
      const knows = this.#of(definition.name);
      Object.assign(knows, { restarts, isRemoved: removed, isHeld: knows.isHeld && want === "down" });
      if ("streak" in state) knows.failures = state.streak.failures;
      // It may have died between noting what is wanted and asking for it.
      const isGivenUp = isAtRest(state) || ("afterwards" in state && state.afterwards?.tag === "rest");
      if (isGivenUp && want === "up") knows.isOverruled = true;
      if (hasNoProcess(state) || PAUSES.has(state.tag)) continue;
      knows.definition = definition;
    }
  }

  forgotten(record: ServiceRecord): void {
    const { name } = record.definition;
    if (!this.#of(name).isRemoved) this.broken(`${name}: forgotten though it was not removed`);
    if (this.#present().processes.membersOf(name).length > 0) this.broken(`${name}: forgotten with processes alive`);
    this.#known.delete(name);
  }

  settled(): void {
    const { fleet } = this.#present();
    let earliest: number | null = null;
    for (const record of fleet.records()) {
      this.#check(record);
      const deadline = deadlineOf(record.state);
      if (deadline !== null && (earliest === null || deadline < earliest)) earliest = deadline;
    }
    if (fleet.nextDeadline() !== earliest) this.broken(`the next deadline is not the earliest, ${earliest}`);
  }

  /** What the fleet believes of its processes is so, and something will move every state that is not one of rest. */
  #check(record: ServiceRecord): void {
    const { name } = record.definition;
    const { processes } = this.#present();
    const { state } = record;
    const knows = this.#of(name);
    const [main, others] = [processes.mainOf(name)?.pid ?? null, processes.othersOf(name).size];
    const tell = (what: string): never => this.broken(`${name} in ${JSON.stringify(state)}: ${what}`);

    if (state.tag !== "stuck" && mainPidOf(state) !== main) tell(`its main process is ${main}`);
    const awaitsOthers = state.tag === "naming" || state.tag === "sweeping";
    if (awaitsOthers && others === 0) tell("waits for processes that do not exist");
    if (state.tag === "stuck" && main === null && others === 0) tell("waits for processes that do not exist");
    if ((hasNoProcess(state) || PAUSES.has(state.tag)) && main === null && others > 0) tell(`has ${others} processes`);
    if (state.tag === "launching") tell("the spawn has no outcome");
    if (state.tag === "waiting" && state.on === "others") this.#checkWaiting(record, state.reason);
    const isUnlimited = state.tag === "starting" && (state.phase === "work" || state.phase === "hook");
    const isLimited = LIMITED.has(state.tag) && !isUnlimited;
    if (isLimited !== (deadlineOf(state) !== null)) tell("has a deadline, or none, against its state");
    if (knows.isRemoved && isAtRest(state)) tell("was removed and is still there");
    if (record.restarts !== knows.restarts) tell(`counts ${record.restarts} restarts, there were ${knows.restarts}`);
    // What is held is told what it is held for in the end.
    if (record.want === "up" && !knows.isOverruled && record.held === null) {
      const isGivenUp = "afterwards" in state && state.afterwards?.tag === "rest";
      if ((state.tag === "down" && state.why !== "condition") || isGivenUp) tell("is wanted, and will not be started");
    }
    if (record.held !== null) this.#checkHeld(name);
    if (record.next !== null && hasNoProcess(state)) tell("has not taken the definition that waits");
    if (!hasNoProcess(state) && !PAUSES.has(state.tag) && record.definition !== knows.definition)
      tell("has another definition than it was started with");
  }

  /** What it requires is ready, and what excludes it does not run. */
  #checkStart({ definition }: ServiceRecord): void {
    const { fleet } = this.#present();
    for (const { name } of definition.requires) {
      const required = fleet.get(name);
      const isReady = required !== null && isSatisfied(required);
      if (!isReady) this.broken(`${definition.name}: started before "${name}", which it requires, was ready`);
    }
    for (const rival of fleet.links.conflictsOf(definition.name)) {
      const other = fleet.get(rival);
      if (other !== null && mainPidOf(other.state) !== null)
        this.broken(`${definition.name}: started beside "${rival}", with which it conflicts`);
    }
  }

  /** Nothing is asked to end while something that requires it is up. */
  #checkStop(record: ServiceRecord, previous: ServiceRecord): void {
    const { state } = record;
    if (previous.state.tag !== "up" || (state.tag !== "stopping" && state.tag !== "leaving")) return;
    const isAsked = state.afterwards.tag === "rest" || state.afterwards.tag === "start-anew";
    if (!isAsked || (state.tag === "stopping" && state.force === "killed")) return;
    const { fleet } = this.#present();
    for (const dependent of fleet.links.dependentsOf(record.definition.name)) {
      if (fleet.get(dependent)?.state.tag === "up")
        this.broken(`${record.definition.name}: stopped while "${dependent}", which requires it, is up`);
    }
  }

  /** Something is in its way, and that is what it says. */
  #checkWaiting(record: ServiceRecord, reason: string): void {
    const { fleet } = this.#present();
    const gate = gateOf(record, fleet.links, (service) => fleet.get(service));
    if (gate?.reason !== reason)
      this.broken(
        `${record.definition.name}: waits because it ${reason}, but ${gate?.reason ?? "nothing is in its way"}`,
      );
  }

  /** Whoever has to end before it is about to: else it would be held for ever. */
  #checkHeld(service: string): void {
    const { fleet } = this.#present();
    for (const dependent of fleet.links.dependentsOf(service)) {
      const other = fleet.get(dependent);
      if (other === null || !isInTheWay(other) || other.held !== null || isEnding(other.state)) continue;
      const isCalledOff = other.state.tag === "preparing" && other.state.afterwards !== null;
      if (!isCalledOff) this.broken(`${service}: held, and "${dependent}", which requires it, is not to make way`);
    }
  }

  #checkBackoff(record: ServiceRecord, judge: Definition): void {
    if (record.state.tag !== "backoff") return;
    const { name } = record.definition;
    const knows = this.#of(name);
    const { streak, retryAt } = record.state;
    const { delay, maxDelay } = judge.restart;
    const mayBeLong = this.#present().time.now - knows.startedAt >= Math.max(judge.restart.resetAfter, 10);
    if (streak.failures !== knows.failures + 1 && !(mayBeLong && streak.failures === 1))
      this.broken(`${name}: ${streak.failures} failures after ${knows.failures}`);
    knows.failures = streak.failures;

    const [first, doublings] = delay > 0 ? [delay, streak.failures - 1] : [10, streak.failures - 2];
    const base = Math.min(first * 2 ** Math.max(doublings, 0), Math.max(maxDelay, first));
    const span = retryAt - this.#present().time.now;
    const isBounded = span >= Math.floor(base) && span <= Math.ceil(base * 1.1) + 1e-6;
    if (!isBounded)
      this.broken(`${name}: waits ${span} ms after ${streak.failures} failures, want ${base} to a tenth more`);
  }

  #checkImmediateRestart(name: string, failures: number, { restart }: Definition): void {
    if (restart.delay > 0 || failures > 1) this.broken(`${name}: started again without delay`);
    this.#of(name).failures = failures;
  }

  #of(service: string): Knowledge {
    const known = this.#known.get(service);
    if (known !== undefined) return known;
    const fresh: Knowledge = {
      isHeld: true,
      isOverruled: false,
      restarts: 0,
      failures: 0,
      startedAt: 0,
      isRemoved: false,
      definition: null,
    };
    this.#known.set(service, fresh);
    return fresh;
  }

  #present(): Scene {
    if (this.#scene === null) throw new Error("nothing is watched yet");
    return this.#scene;
  }
}
