import type { LookAnswer, LookRequest } from "../config/look.ts";
import { millis } from "../core/units.ts";
import type { TimerPort } from "./ports.ts";

/** A thread that answers each request, one at a time. */
export interface LookThread {
  post(request: LookRequest): void;
  end(): void;
}

export interface LookListener {
  answered(answer: LookAnswer): void;
  /** The thread is no more; called once. */
  ended(): void;
}

export type StartLookThread = (listener: LookListener) => LookThread;

type Done = (answer: LookAnswer | string) => void;

interface Job {
  readonly request: LookRequest;
  readonly done: Done;
}

interface Place {
  readonly thread: LookThread;
  job: Job | null;
}

/** So many file systems that do not answer may be waited for; with more, all wait. */
const MOST_THREADS = 8;
/** Threads that are not needed for this long are ended: they take memory. */
const LINGER = millis(5_000);
/** What waits longer than this for a thread is given another one: a usual look takes less than the start of a thread. */
const PATIENCE = millis(50);

/** Threads that look at files. They are there only while something is to be looked at; one that waits for ever hinders no other. */
export class LookThreads {
  readonly #start: StartLookThread;
  readonly #places = new Set<Place>();
  readonly #waiting: Job[] = [];
  readonly #timers: TimerPort;
  #cancelLinger: (() => void) | null = null;
  #cancelPatience: (() => void) | null = null;

  constructor(timers: TimerPort, start: StartLookThread) {
    this.#timers = timers;
    this.#start = start;
  }

  /** `done` is called later, never from within. */
  look(request: LookRequest, done: Done): void {
    this.#cancelLinger?.();
    this.#cancelLinger = null;
    this.#waiting.push({ request, done });
    this.#next();
  }

  /** How many threads there are. */
  get size(): number {
    return this.#places.size;
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const place = this.#idle() ?? (this.#places.size === 0 ? this.#begin() : null);
      if (place === null) return this.#beginAnotherLater();
      const job = this.#waiting.shift();
      if (job === undefined) return;
      place.job = job;
      place.thread.post(job.request);
    }
  }

  #idle(): Place | null {
    for (const place of this.#places) if (place.job === null) return place;
    return null;
  }

  #beginAnotherLater(): void {
    if (this.#waiting.length === 0 || this.#places.size >= MOST_THREADS) return;
    this.#cancelPatience ??= this.#timers.after(PATIENCE, () => {
      this.#cancelPatience = null;
      if (this.#waiting.length > 0 && this.#idle() === null) this.#begin();
      this.#next();
    });
  }

  #begin(): Place | null {
    let place: Place | null = null;
    try {
      const thread = this.#start({
        answered: (answer) => place !== null && this.#finish(place, answer),
        ended: () => place !== null && this.#lost(place),
      });
      place = { thread, job: null };
      this.#places.add(place);
      return place;
    } catch (error) {
      const reason = `no thread can be had: ${error instanceof Error ? error.message : String(error)}`;
      const jobs = this.#waiting.splice(0);
      this.#timers.soon(() => {
        for (const { done } of jobs) done(reason);
      });
      return null;
    }
  }

  #finish(place: Place, answer: LookAnswer | string): void {
    const job = place.job;
    place.job = null;
    this.#cancelPatience?.();
    this.#cancelPatience = null;
    job?.done(answer);
    this.#next();
    if (this.#waiting.length === 0) this.#cancelLinger ??= this.#timers.after(LINGER, () => this.#endIdle());
  }

  #lost(place: Place): void {
    if (!this.#places.delete(place)) return;
    const job = place.job;
    place.job = null;
    job?.done("the thread that looked has died");
    this.#next();
  }

  #endIdle(): void {
    this.#cancelLinger = null;
    for (const place of [...this.#places]) {
      if (place.job !== null) continue;
      this.#places.delete(place);
      place.thread.end();
    }
  }
}

/**
 * A Worker as such a thread. The composition root makes the Worker, because the address of its file is relative to the
 * binary's own entry point. It does not keep the process alive.
 */
export function lookThreadOf(worker: Worker, listener: LookListener): LookThread {
  worker.addEventListener("message", (event: MessageEvent<LookAnswer>) => listener.answered(event.data));
  // An error is always followed by "close".
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.addEventListener("close", () => listener.ended());
  worker.unref();
  return { post: (request) => worker.postMessage(request), end: () => worker.terminate() };
}
