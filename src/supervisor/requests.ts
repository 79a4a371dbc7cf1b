/*
 * Requests that wait for what they asked for. Each ends exactly once: when its goal is reached, when the attempt fails
 * for the first time, when a later request for the same service asks for something else, or when its time is up.
 */
import type { ServiceRecord } from "../core/service-record.ts";
import { messageOf } from "../core/service-record.ts";
import { isAtRest } from "../core/service-state.ts";
import type { Millis } from "../core/units.ts";
import type { TimerPort } from "./ports.ts";

export type Goal = "start" | "stop" | "restart";

/** How a request ended. `message` is a reason without a subject. */
export type Outcome =
  | { readonly tag: "done"; readonly message: string | null }
  | { readonly tag: "failed"; readonly message: string }
  | { readonly tag: "overtaken"; readonly message: string }
  | { readonly tag: "timed-out"; readonly message: string }
  | { readonly tag: "no-such-service"; readonly message: string };

interface Request {
  readonly goal: Goal;
  readonly end: (outcome: Outcome) => void;
  /** A restart only counts from when the new run begins. */
  hasBegun: boolean;
  /** false until what was asked for has been carried out: the state before it decides nothing. */
  isReleased: boolean;
}

/** States that a restart ends as soon as the service is told of it. */
const UNTOUCHED: ReadonlySet<string> = new Set(["execing", "starting", "naming", "up"]);
/** States in which a restart is on its second half. */
const BEGINNINGS: ReadonlySet<string> = new Set(["waiting", "preparing", "launching", "stuck"]);

export class Requests {
  readonly #open = new Map<string, Set<Request>>();
  readonly #timers: TimerPort;

  constructor(timers: TimerPort) {
    this.#timers = timers;
  }

  /** Ends the waiting requests that want something else. To be called before the new request is carried out. */
  overtake(service: string, goal: Goal | "shutdown"): void {
    for (const request of this.#open.get(service) ?? []) {
      if (request.goal !== goal) request.end({ tag: "overtaken", message: `overtaken by ${goal}` });
    }
  }

  /** Waits for the goal. To be called before the request is carried out, and `release` after it, so that nothing is missed. */
  wait(service: string, goal: Goal, timeout: Millis | null): Promise<Outcome> {
    return new Promise((resolve) => {
      const requests = this.#open.get(service) ?? new Set();
      this.#open.set(service, requests);
      let cancelTimeout = (): void => {};
      const request: Request = {
        goal,
        hasBegun: goal !== "restart",
        isReleased: false,
        end: (outcome) => {
          cancelTimeout();
          requests.delete(request);
          if (requests.size === 0) this.#open.delete(service);
          resolve(outcome);
        },
      };
      requests.add(request);
      if (timeout !== null) {
        const message = `not decided within ${timeout / 1000}s; it goes on`;
        cancelTimeout = this.#timers.after(timeout, () => request.end({ tag: "timed-out", message }));
      }
    });
  }

  /** What was asked for has been carried out, and this is what came of it at once. */
  release(record: ServiceRecord): void {
    for (const request of this.#open.get(record.definition.name) ?? []) request.isReleased = true;
    this.changed(record);
  }

  /** Looks whether the record decides a request that waits for it. */
  changed(record: ServiceRecord): void {
    const requests = this.#open.get(record.definition.name);
    if (requests === undefined) return;
    for (const request of [...requests]) {
      // Stuck: the new run will not begin.
      if (BEGINNINGS.has(record.state.tag)) request.hasBegun = true;
      if (!request.isReleased) continue;
      const reached = request.hasBegun ? outcomeOf(request.goal, record) : null;
      const outcome = reached ?? undoneOf(request, record);
      if (outcome !== null) request.end(outcome);
    }
  }

  /** The service is gone from the fleet. */
  forgotten(service: string): void {
    for (const request of [...(this.#open.get(service) ?? [])]) {
      const isReached = request.goal === "stop";
      request.end(
        isReached
          ? { tag: "done", message: null }
          : { tag: "overtaken", message: "overtaken by the removal of its definition" },
      );
    }
  }
}

/**
 * How it ends if what was asked for was taken back before it came to anything, by what was asked of another service: a rival
 * has to make way, what is needed again goes on. null: it was not.
 */
function undoneOf({ goal, hasBegun }: Request, record: ServiceRecord): Outcome | null {
  const { want, held, asked, note, state } = record;
  if (goal === "stop") return want === "up" && !record.removed ? overtaken("another start needs it") : null;
  if (goal === "start" || hasBegun) return null;
  if (want === "down") return overtaken(note ?? "it is to be down");
  if (held !== null || asked !== null) return null;
  if (isAtRest(state)) return startOutcomeOf(record);
  return UNTOUCHED.has(state.tag) ? overtaken("another start needs it as it is") : null;
}

function overtaken(by: string): Outcome {
  return { tag: "overtaken", message: `overtaken: ${by}` };
}

/** What the service's state says about the goal; null: not decided yet. */
export function outcomeOf(goal: Goal, record: ServiceRecord): Outcome | null {
  return goal === "stop" ? stopOutcomeOf(record) : startOutcomeOf(record);
}

function startOutcomeOf(record: ServiceRecord): Outcome | null {
  const why = messageOf(record) ?? "";
  const failed = (message: string): Outcome => ({ tag: "failed", message });
  switch (record.state.tag) {
    case "up":
    case "done":
      return { tag: "done", message: null };
    case "failed":
    case "stuck":
      return failed(why);
    case "backoff":
      return failed(`${why}; it will be tried again`);
    case "waiting":
      return waitingOutcomeOf(record.state);
    case "down":
      if (record.state.why === "condition") return { tag: "done", message: why };
      return failed(record.note ?? "it was stopped meanwhile");
    case "preparing":
    case "launching":
    case "execing":
    case "starting":
    case "naming":
    case "leaving":
    case "stopping":
    case "sweeping":
    case "cleaning":
      return null;
  }
}

/** Held back by others: decided only if nothing moves them. By its schedule or a socket: this run is over. */
function waitingOutcomeOf({
  on,
  reason,
  pending,
}: Extract<ServiceRecord["state"], { tag: "waiting" }>): Outcome | null {
  if (on === "others")
    return pending ? null : { tag: "failed", message: `${reason}; it is started when that is no longer so` };
  return reason === "" ? { tag: "done", message: null } : { tag: "failed", message: reason };
}

function stopOutcomeOf(record: ServiceRecord): Outcome | null {
  if (isAtRest(record.state)) return { tag: "done", message: null };
  if (record.state.tag !== "stuck") return null;
  return {
    tag: "failed",
    message: messageOf(record) ?? "it does not end",
  };
}
