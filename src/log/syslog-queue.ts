import type { SyslogSeverity } from "../core/log-policy.ts";
import { type Millis, millis } from "../core/units.ts";
import {
  type FromSyslog,
  PROGRESS,
  PROGRESS_SIZE,
  type SyslogMessage,
  type SyslogSettings,
} from "./syslog-messages.ts";
import type { StartSyslogThread, SyslogThread } from "./syslog-thread.ts";

export interface SyslogQueueOptions {
  readonly start: StartSyslogThread;
  readonly settings: SyslogSettings;
  /** A thread has died; another one goes on. What is said of it is not to come back here: it might end the next one too. */
  readonly died?: (reason: string) => void;
  /** How many messages may be outstanding; default 1,000. */
  readonly capacity?: number;
  /** How long to wait before another thread is started if one ended before it did anything; default 1 s. */
  readonly restartDelay?: Millis;
}

/**
 * The way of the main thread to syslog, on which it never waits.
 *
 * Messages go to a thread of their own, everything of one turn of the event loop in one piece. A message is outstanding
 * from `send` until the thread has given it to syslog; it is kept until then, so that another thread can take over if
 * this one ends. What is too much is dropped, and dropping goes on until half of the queue is free again: so what is
 * missing is missing in one place, and one message there says how much it was.
 */
export class SyslogQueue {
  readonly #start: StartSyslogThread;
  readonly #died: SyslogQueueOptions["died"];
  readonly #capacity: number;
  readonly #restartDelay: Millis;
  #settings: SyslogSettings;

  #thread: SyslogThread | null = null;
  #progress = new Int32Array(new SharedArrayBuffer(PROGRESS_SIZE));
  /** How many messages of this thread are no longer in `#kept`. */
  #settled = 0;

  /** Messages that are not known to be done, oldest first; `#posted` of them the thread has. */
  #kept: SyslogMessage[] = [];
  #posted = 0;
  #isPostDue = false;
  #restart: NodeJS.Timeout | null = null;

  /** Messages dropped since the last report of them. */
  #dropped = 0;
  #droppedInAll = 0;
  #isClosed = false;
  #lastToken = 0;
  readonly #flushes = new Map<number, () => void>();

  constructor(options: SyslogQueueOptions) {
    this.#start = options.start;
    this.#settings = options.settings;
    this.#died = options.died;
    this.#capacity = options.capacity ?? 1000;
    this.#restartDelay = options.restartDelay ?? millis(1000);
  }

  /** Messages that syslog has not taken yet. */
  get outstanding(): number {
    return this.#kept.length - this.#unsettled();
  }

  /** Messages that were dropped and not reported yet. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Messages that were dropped since the beginning. */
  get droppedInAll(): number {
    return this.#droppedInAll;
  }

  /** Hands a message on, or counts it as dropped. Returns at once. */
  send(severity: SyslogSeverity, text: string): void {
    if (this.#isClosed || !this.#hasRoom()) {
      this.#dropped++;
      this.#droppedInAll++;
      return;
    }
    this.#keep({ severity, text });
  }

  /** Later messages go out under these settings; so may those that are outstanding. */
  configure(settings: SyslogSettings): void {
    this.#settings = settings;
    this.#thread?.post({ tag: "configure", settings });
  }

  /** Waits until syslog has taken everything, but not longer than `bound`; tells how many messages it has not. */
  async flush(bound: Millis): Promise<number> {
    if (this.#isClosed) return this.outstanding;
    if (this.#dropped > 0) this.#report();
    if (this.outstanding > 0) await this.#waitUntilFlushed(bound);
    return this.outstanding;
  }

  /** Flushes, then ends the thread for good; tells how many messages were lost. */
  async close(bound: Millis): Promise<number> {
    const left = await this.flush(bound);
    this.#isClosed = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#thread?.end();
    this.#thread = null;
    return left;
  }

  #hasRoom(): boolean {
    if (this.#dropped > 0) return this.#reportIfRoom();
    if (this.outstanding < this.#capacity) return true;
    // In this order: the thread looks at this after it has counted, so either it sees this, or we see its count.
    this.#askForRoom();
    return this.outstanding < this.#capacity;
  }

  #reportIfRoom(): boolean {
    if (this.outstanding > this.#capacity / 2) return false;
    this.#report();
    return true;
  }

  #report(): void {
    const count = this.#dropped === 1 ? "1 message was" : `${this.#dropped} messages were`;
    this.#dropped = 0;
    this.#keep({ severity: "warning", text: `${count} dropped because syslog did not take them` });
  }

  #askForRoom(): void {
    Atomics.store(this.#progress, PROGRESS.tellRoom, 1);
  }

  #keep(message: SyslogMessage): void {
    this.#kept.push(message);
    if (this.#isPostDue) return;
    this.#isPostDue = true;
    setImmediate(() => this.#post());
  }

  #post(): void {
    this.#isPostDue = false;
    if (this.#isClosed || this.#restart !== null) return;
    this.#settle();
    const messages = this.#kept.slice(this.#posted);
    if (messages.length === 0) return;
    this.#thread ??= this.#begin();
    if (this.#thread === null) return this.#resumeLater();
    this.#thread.post({ tag: "messages", messages });
    this.#posted = this.#kept.length;
  }

  /** null: the machine has no thread to give at the moment. */
  #begin(): SyslogThread | null {
    this.#progress = new Int32Array(new SharedArrayBuffer(PROGRESS_SIZE));
    this.#settled = 0;
    if (this.#dropped > 0) this.#askForRoom();
    let thread: SyslogThread;
    try {
      thread = this.#start({
        said: (message) => this.#hear(message),
        ended: (reason) => {
          if (this.#thread !== thread) return;
          this.#died?.(reason);
          this.#recover();
        },
      });
    } catch {
      // Not reported: that would be a message for syslog, and for the next attempt at once.
      return null;
    }
    thread.post({ tag: "begin", settings: this.#settings, progress: this.#progress.buffer });
    return thread;
  }

  #hear(message: FromSyslog): void {
    if (message.tag === "flushed") return this.#flushes.get(message.token)?.();
    if (this.#dropped === 0 || this.#reportIfRoom()) return;
    this.#askForRoom();
    this.#reportIfRoom();
  }

  /** The thread has ended by itself: another one takes over what it has not done. */
  #recover(): void {
    this.#settle();
    this.#thread = null;
    this.#posted = 0;
    const begun = Atomics.load(this.#progress, PROGRESS.begun);
    if (begun !== this.#settled) {
      // It ended over this message, and so would the next one.
      this.#kept.shift();
      this.#dropped++;
    }
    if (begun !== 0) this.#resume();
    else this.#resumeLater();
  }

  #resumeLater(): void {
    this.#restart = setTimeout(() => {
      this.#restart = null;
      this.#resume();
    }, this.#restartDelay);
    this.#restart.unref();
  }

  #resume(): void {
    if (this.#dropped > 0) this.#reportIfRoom();
    this.#post();
    for (const token of this.#flushes.keys()) this.#thread?.post({ tag: "flush", token });
  }

  #waitUntilFlushed(bound: Millis): Promise<void> {
    const token = ++this.#lastToken;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, bound);
    this.#flushes.set(token, resolve);
    this.#post();
    this.#thread?.post({ tag: "flush", token });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#flushes.delete(token);
    });
  }

  /** How many of the kept messages are done by now. */
  #unsettled(): number {
    return (Atomics.load(this.#progress, PROGRESS.done) - this.#settled) | 0;
  }

  #settle(): void {
    const count = this.#unsettled();
    this.#kept.splice(0, count);
    this.#posted -= count;
    this.#settled = (this.#settled + count) | 0;
  }
}
