/*
 * What operators want to be up, down or restarted. What is asked of several services is asked of all of them before anything
 * follows from the first: so they go down and up in the order in which they need each other, each once.
 */
import type { Fleet } from "../core/fleet.ts";
import { isAtRest } from "../core/service-state.ts";
import type { Millis } from "../core/units.ts";
import type { ClockPort, MemoryPort, TimerPort } from "./ports.ts";
import { besideWordsOf } from "./beside-words.ts";
import { type Goal, type Outcome, type Requests, outcomeOf } from "./requests.ts";
import { StartQueue } from "./start-queue.ts";

export interface PursuitPorts {
  readonly fleet: Fleet;
  readonly requests: Requests;
  readonly timers: TimerPort;
  readonly clock: ClockPort;
  readonly memory: MemoryPort;
  isEnding(): boolean;
  /** It is about to be asked of the service. */
  asked(name: string, goal: Goal): void;
}

export interface AskOptions {
  readonly wait: boolean;
  readonly timeout: Millis | null;
  /** What the request is known by, should it come a second time. */
  readonly request?: string | null;
}

/** The word under which it is written down which request was carried out last. */
export const REQUEST = "request";

interface Pursuit {
  readonly name: string;
  /** null: what asks for it has no identity. */
  readonly request: string | null;
  readonly goal: Goal;
  /** false: it is what the definition says anyway, and need not be remembered. */
  readonly byHand: boolean;
  /** What was asked for outlives a loss of power. */
  readonly kept: Promise<void>;
  /** null: nobody waits for it. */
  readonly decided: Promise<Outcome> | null;
  readonly answer: PromiseWithResolvers<Outcome>;
  /** Who else is affected, for a person; null: nobody. */
  readonly beside: string | null;
}

const ASKED: Outcome = { tag: "done", message: "asked, not waited for" };

export class Pursuits {
  readonly #ports: PursuitPorts;

  constructor(ports: PursuitPorts) {
    this.#ports = ports;
  }

  /** Asks the same of services that exist; for each, what comes of it. */
  ask(names: readonly string[], goal: Goal, options: AskOptions): ReadonlyMap<string, Promise<Outcome>> {
    const { fleet } = this.#ports;
    // What others need comes first, so that none is brought in for another one only to be started once more.
    const asked = new Set(names);
    const besides = new Map(names.map((name) => [name, besideWordsOf(name, goal, { fleet, asked })]));
    const pursuits = fleet.links
      .inStartOrder(names)
      .map((name) => ({ ...this.#announce(name, goal, options), beside: besides.get(name) ?? null }));
    if (goal === "start" && pursuits.length > 1) this.#startInTurns(pursuits);
    else {
      fleet.together(() => {
        for (const pursuit of pursuits) this.#carryOut(pursuit);
      });
      for (const pursuit of pursuits) this.#conclude(pursuit);
    }
    return new Map(pursuits.map(({ name, answer }) => [name, answer.promise]));
  }

  /**
   * Waits for what the very same request has asked of services before: of a supervisor that is gone, or by a connection that
   * broke. A restart that was asked for waits for others to stop, is at work, or is over.
   */
  resume(names: readonly string[], goal: Goal, options: AskOptions): ReadonlyMap<string, Promise<Outcome>> {
    const { fleet, requests } = this.#ports;
    const outcomes = names.map((name) => {
      const record = fleet.get(name);
      const isAhead = record?.held === "restart-asked" || record?.asked?.how === "restart-asked";
      const left = goal === "restart" && !isAhead ? "start" : goal;
      const decided = options.wait ? requests.wait(name, left, options.timeout) : Promise.resolve(ASKED);
      if (record !== null) requests.release(record);
      return [name, decided] as const;
    });
    return new Map(outcomes);
  }

  #announce(name: string, goal: Goal, options: AskOptions): Omit<Pursuit, "beside"> {
    const { fleet, requests, memory } = this.#ports;
    requests.overtake(name, goal);
    this.#ports.asked(name, goal);
    const decided = options.wait ? requests.wait(name, goal, options.timeout) : null;
    const isConfigured = (goal === "stop") === (fleet.get(name)?.definition.start === "manual");
    const kept = memory.wanted(name, isConfigured ? null : goal === "stop" ? "down" : "up");
    const { request = null } = options;
    return { name, request, goal, byHand: !isConfigured, kept, decided, answer: Promise.withResolvers() };
  }

  /** Starts take long: signals and clients are answered between them. Whoever comes in between with another wish has the last word. */
  #startInTurns(pursuits: readonly Pursuit[]): void {
    const { fleet, timers, clock } = this.#ports;
    const all = new Map(pursuits.map((pursuit) => [pursuit.name, pursuit]));
    fleet.together(() => {
      for (const pursuit of pursuits) {
        const { name, byHand: wantedByHand } = pursuit;
        this.#noteRequest(pursuit);
        fleet.amend(name, { want: "up", wantedByHand, asked: { how: "start-asked", byHand: true } });
      }
    });
    const queue = new StartQueue(timers, clock, (name) => {
      const pursuit = all.get(name);
      if (pursuit === undefined) return;
      if (!this.#ports.isEnding() && fleet.get(name)?.want === "up") this.#carryOut(pursuit);
      this.#conclude(pursuit);
    });
    for (const name of all.keys()) queue.add(name);
  }

  #carryOut(pursuit: Pursuit): void {
    const { name, goal, byHand } = pursuit;
    const { fleet } = this.#ports;
    fleet.together(() => {
      this.#noteRequest(pursuit);
      if (goal === "restart") fleet.restart(name, byHand, true);
      else fleet.want(name, goal === "stop" ? "down" : "up", byHand);
      // Whatever has stopped it before, now it is this.
      if (goal === "stop" && this.#isAtRest(name)) fleet.amend(name, { note: null });
    });
  }

  /** Written down in one with what is asked: a death in between would have it done twice, or never. */
  #noteRequest({ name, request }: Pursuit): void {
    if (request !== null) this.#ports.fleet.annotateNext(name, REQUEST, request);
  }

  #conclude({ name, goal, kept, decided, answer, beside }: Pursuit): void {
    const { fleet, requests, memory } = this.#ports;
    // What it has brought in is no longer stopped by hand.
    for (const needed of goal === "stop" ? [] : fleet.links.closureOf([name])) {
      const brought = fleet.get(needed);
      if (needed !== name && brought?.want === "up") void memory.wanted(needed, brought.wantedByHand ? "up" : null);
    }
    const now = fleet.get(name);
    if (now !== null) requests.release(now);
    if (decided !== null)
      return answer.resolve(Promise.all([decided, kept]).then(([outcome]) => withMessage(outcome, beside)));
    const outcome = now === null ? null : outcomeOf(goal, now);
    const isRefused = outcome?.tag === "failed" && goal === "start";
    answer.resolve(isRefused ? outcome : ASKED);
  }

  #isAtRest(name: string): boolean {
    const record = this.#ports.fleet.get(name);
    return record !== null && isAtRest(record.state);
  }
}

function withMessage(outcome: Outcome, message: string | null): Outcome {
  return outcome.tag === "done" && outcome.message === null ? { tag: "done", message } : outcome;
}
