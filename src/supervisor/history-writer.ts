/*
 * The main thread's side of the history. Entries wait in a bounded queue and go out together, one batch at a time; the thread
 * that writes them is there only while there is something to write or to ask, so that a disk that does not answer holds up
 * nothing but the history. A batch that could not be written waits for the next attempt.
 */
import type { HistoryEntry, HistoryPolicy } from "../core/history.ts";
import type { HistoryAnswer, HistoryQuestion } from "../core/history-view.ts";
import { type Millis, millis } from "../core/units.ts";
import type { FromHistory, HistoryThread, StartHistoryThread } from "./history-messages.ts";
import { HistoryQueue, MOST_WAITING } from "./history-queue.ts";
import type { Report, TimerPort } from "./ports.ts";

export interface HistoryWriterPorts {
  readonly start: StartHistoryThread;
  readonly timers: TimerPort;
  readonly report: Report;
  readonly path: string;
  readonly session: string;
  readonly policy: HistoryPolicy;
  /** The thread has ended, and the memory that it took can be given back. */
  rested(): void;
}

/** To copy more of them for the thread would hold up the loop. */
export const MOST_AT_ONCE = 256;
/** How long an entry waits for others to go with it. */
const GATHER = millis(500);
/** As long as so many more come meanwhile, all wait: a thread that began now would take its time from whatever is going on. */
const RUSH = 64;
/** But not when so many wait already. */
const MOST_GATHERED = MOST_WAITING / 2;
/** A thread that is not needed for this long is ended: it takes memory. Sooner than the supervisor tidies up, which is then done once. */
const LINGER = millis(3_000);
const FIRST_RETRY = millis(1_000);
const LAST_RETRY = millis(60_000);
/** A disk that takes longer does not answer. */
const PATIENCE = millis(10_000);

interface Asked {
  readonly question: HistoryQuestion;
  /** So many batches are to be written first; null: it has been asked of the thread. */
  batches: number | null;
  readonly resolve: (answer: HistoryAnswer) => void;
}

export class HistoryWriter {
  readonly #ports: HistoryWriterPorts;
  readonly #queue = new HistoryQueue();
  readonly #asked = new Map<number, Asked>();
  readonly #goOn: { readonly session: string; readonly run: number }[] = [];
  #policy: HistoryPolicy;
  #thread: HistoryThread | null = null;
  /** What the thread is writing. */
  #batch: readonly HistoryEntry[] | null = null;
  /** false: nothing more is asked of this thread, it closes the file. */
  #isOpen = false;
  #cancelTimer = (): void => {};
  #cancelPatience = (): void => {};
  #retry: Millis = FIRST_RETRY;
  #isFailing = false;
  #lost = 0;
  #token = 0;
  #whenClosed: (() => void) | null = null;
  #isEnding = false;

  constructor(ports: HistoryWriterPorts) {
    this.#ports = ports;
    this.#policy = ports.policy;
  }

  get policy(): HistoryPolicy {
    return this.#policy;
  }

  configure(policy: HistoryPolicy): void {
    this.#policy = policy;
    if (this.#isOpen) this.#thread?.post({ tag: "configure", policy });
  }

  /** This run of an earlier supervisor's is not lost. */
  goesOn(session: string, run: number): void {
    this.#goOn.push({ session, run });
  }

  keep(entry: HistoryEntry): void {
    if (this.#policy.keep === 0) return;
    const wasEmpty = this.#queue.size === 0;
    this.#queue.add(entry);
    // While it fails, a timer for the next attempt is set already.
    if (wasEmpty && this.#batch === null && !this.#isFailing) this.#gather();
  }

  /** Answers when all that was kept before is written, or cannot be. Never rejects. */
  ask(question: HistoryQuestion): Promise<HistoryAnswer> {
    this.#flush();
    const token = ++this.#token;
    const isReady = this.#connect();
    // Neither now nor when this thread has closed the file.
    if (!isReady && this.#thread === null) return Promise.resolve(UNANSWERED);
    return new Promise((answered) => {
      const cancel = this.#ports.timers.after(PATIENCE, () => this.#answer(token, UNANSWERED));
      const resolve = (answer: HistoryAnswer): void => {
        cancel();
        answered(answer);
      };
      const batches = Number(this.#batch !== null) + Math.ceil(this.#queue.size / MOST_AT_ONCE);
      this.#asked.set(token, { question, batches, resolve });
      if (isReady && batches === 0) this.#postAsked(false);
    });
  }

  /** Writes what can be written within this time, and ends the thread. */
  close(within: Millis): Promise<void> {
    this.#isEnding = true;
    this.#flush();
    this.#cancelTimer();
    return new Promise((resolve) => {
      const cancel = this.#ports.timers.after(within, () => this.#whenClosed?.());
      this.#whenClosed = () => {
        this.#whenClosed = null;
        cancel();
        this.#thread?.end();
        resolve();
      };
      if (this.#thread === null) this.#whenClosed();
      else if (this.#isOpen) this.#closeFile();
    });
  }

  /** Writes what waits once there is no rush any more. */
  #gather(): void {
    const { size } = this.#queue;
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.timers.after(GATHER, () => {
      if (this.#queue.size - size >= RUSH && this.#queue.size < MOST_GATHERED) this.#gather();
      else this.#flush();
    });
  }

  #later(delay: Millis): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.timers.after(delay, () => this.#flush());
  }

  #flush(): void {
    this.#cancelTimer();
    if (this.#batch !== null || this.#queue.size === 0 || !this.#connect()) return;
    this.#batch = this.#queue.take(MOST_AT_ONCE);
    this.#thread?.post({ tag: "store", entries: this.#batch });
    this.#cancelPatience = this.#ports.timers.after(PATIENCE, () => this.#fail(NO_ANSWER));
  }

  /** false: there is no thread that could be asked now. */
  #connect(): boolean {
    if (this.#thread !== null) return this.#isOpen;
    try {
      const thread = this.#ports.start({
        said: (message) => {
          if (this.#thread === thread) this.#hear(message);
        },
        ended: () => {
          if (this.#thread === thread) this.#disconnect("its thread died");
        },
      });
      this.#thread = thread;
      this.#isOpen = true;
      const { path, session } = this.#ports;
      thread.post({ tag: "begin", path, session, goOn: this.#goOn, policy: this.#policy });
      return true;
    } catch (error) {
      this.#fail(`cannot keep the history: ${error instanceof Error ? error.message : String(error)}`);
      this.#later(this.#retry);
      return false;
    }
  }

  #hear(message: FromHistory): void {
    switch (message.tag) {
      case "stored":
        return this.#stored(message.problem);
      case "answer":
        this.#answer(message.token, message.answer);
        return this.#rest();
      case "said":
        return this.#ports.report("warning", message.message);
      case "closed":
        return this.#disconnect(null);
    }
  }

  #stored(problem: string | null): void {
    this.#cancelPatience();
    const batch = this.#batch ?? [];
    this.#batch = null;
    if (problem !== null) {
      this.#queue.putBack(batch);
      this.#fail(problem);
      this.#postAsked(true);
      return this.#isEnding ? this.#closeFile() : this.#later(this.#retry);
    }
    this.#retry = FIRST_RETRY;
    this.#recover();
    const isWaitedFor = this.#postAsked(false);
    if (this.#isEnding || isWaitedFor || this.#queue.size > MOST_AT_ONCE) this.#flush();
    else if (this.#queue.size > 0) this.#later(GATHER);
    this.#rest();
  }

  /** Said once, until it works again. */
  #fail(problem: string): void {
    this.#retry = millis(Math.min(this.#retry * 2, LAST_RETRY));
    if (!this.#isFailing) this.#ports.report("warning", `${problem}; trying again`);
    this.#isFailing = true;
  }

  #recover(): void {
    this.#lost += this.#queue.takeLost();
    if (!this.#isFailing && this.#lost === 0) return;
    const lost = this.#lost === 0 ? "nothing of it is lost" : `${this.#lost} entries of it are lost`;
    this.#ports.report("notice", `the history is kept again, ${lost}`);
    this.#isFailing = false;
    this.#lost = 0;
  }

  /** A batch has been written: asks what waited for no more than that, or everything. true: something waits yet. */
  #postAsked(everything: boolean): boolean {
    let isWaitedFor = false;
    for (const [token, asked] of this.#asked) {
      if (asked.batches === null) continue;
      asked.batches = everything || asked.batches <= 1 ? null : asked.batches - 1;
      if (asked.batches === null) this.#thread?.post({ tag: "ask", token, question: asked.question });
      else isWaitedFor = true;
    }
    return isWaitedFor;
  }

  #answer(token: number, answer: HistoryAnswer): void {
    this.#asked.get(token)?.resolve(answer);
    this.#asked.delete(token);
  }

  /** Ends the thread when it has had nothing to do for a while. */
  #rest(): void {
    if (this.#isEnding) return this.#batch === null ? this.#closeFile() : undefined;
    if (this.#batch !== null || this.#queue.size > 0 || this.#asked.size > 0) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.timers.after(LINGER, () => this.#closeFile());
  }

  #closeFile(): void {
    if (!this.#isOpen || this.#batch !== null) return;
    this.#isOpen = false;
    this.#thread?.post({ tag: "close" });
  }

  /** The thread is gone, by itself (`problem` says so) or because it was told to. */
  #disconnect(problem: string | null): void {
    this.#thread?.end();
    this.#thread = null;
    this.#isOpen = false;
    this.#cancelPatience();
    if (this.#batch !== null) this.#queue.putBack(this.#batch);
    this.#batch = null;
    if (problem !== null) {
      for (const token of [...this.#asked.keys()]) this.#answer(token, UNANSWERED);
      this.#fail(`cannot keep the history: ${problem}`);
    }
    this.#ports.rested();
    if (this.#isEnding) return this.#endAfter(problem);
    if (this.#asked.size > 0) return this.#askAgain();
    if (this.#queue.size > 0) this.#later(problem === null ? GATHER : this.#retry);
  }

  /** What came while the thread was closing the file is for the next one. */
  #askAgain(): void {
    this.#flush();
    if (!this.#connect()) return;
    for (const asked of this.#asked.values()) asked.batches = 0;
    this.#postAsked(true);
  }

  #endAfter(problem: string | null): void {
    if (problem === null) this.#flush();
    if (this.#batch === null) this.#whenClosed?.();
  }
}

const NO_ANSWER = "cannot keep the history: the disk does not answer";
const UNANSWERED: HistoryAnswer = {
  tag: "failed",
  message: "cannot read the history: whoever keeps it does not answer, see the log",
};
