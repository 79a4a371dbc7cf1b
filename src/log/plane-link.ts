/*
 * The line to the Worker, whichever Worker it is at the moment. Messages of one turn go out as one array with one wake-up; where
 * they are many, as several, so that the Worker is at work on the first of them while the turn goes on.
 * A Worker that dies is replaced by a new one, on an epoll set and eventfd of its own, so that nothing of the dead one can
 * take an event away from it.
 */
import { forEachInSpite } from "../core/in-spite.ts";
import type { CompressionJob, CompressionResult } from "./compression-job.ts";
import { BusyMark, newBusyMemory } from "./busy-mark.ts";
import { FdLedger, newLedgerMemory } from "./fd-ledger.ts";
import type { FromPlane, PlaneEstate, ToPlane } from "./plane-messages.ts";
import { PostedCount, newPostedMemory } from "./posted-count.ts";
import type { OutputPipePorts } from "./output-pipes.ts";
import type { PlaneThread, StartPlaneThread } from "./plane-thread.ts";

/** What the main thread's side needs from outside. */
export interface DataPlanePorts {
  /** Makes the Worker. */
  readonly startThread: StartPlaneThread;
  /** A new epoll set, and taking a descriptor out of one. */
  openEpoll(): number;
  removeFromEpoll(epoll: number, fd: number): void;
  /** A new eventfd, and adding one to it. */
  openEventfd(): number;
  addToEventfd(fd: number): void;
  /** What a Worker works with and its successor goes on with. Throws if the machine cannot give it. */
  openEstate(lane: string): PlaneEstate;
  /** Lanes of a dead predecessor that were in the middle of something, and the place of the pipe that it was about. */
  unsettledLanes(): readonly { readonly lane: string; readonly slot: number }[];
  /** How pipes are made and found again. */
  readonly pipes: OutputPipePorts;
  /** The pipe that the last Worker was taking from when it died, if it did; null: none. */
  unsettledPipeOf(estate: PlaneEstate, fdOfSlot: (slot: number) => number | null): number | null;
  close(fd: number): void;
  /** Has a file compressed, on a thread of its own for each lane. Never rejects. */
  compress(job: CompressionJob, lane: string): Promise<CompressionResult>;
  /** The address of the native function that stamps lines. */
  readonly stamping: number;
  /** The socket that the syslog daemon listens on. */
  readonly syslogPath: string;
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Microseconds on a monotonic clock that all threads share. */
  micros(): number;
  /** The lane for what writes these files (absolute paths); "" for the one that there is always. */
  laneOf(files: readonly string[]): string;
}

export interface LinkListener {
  /** The name of the lane that this is the link of. */
  readonly lane: string;
  said(message: FromPlane): void;
  /** The Worker died of `reason`; a new one follows. */
  died(reason: string): void;
  /** What a new Worker is told first. */
  greeting(): readonly ToPlane[];
  /** The descriptor of the pipe that has this place; null: it is not open any more. */
  fdOfSlot(slot: number): number | null;
}

interface Connection {
  readonly thread: PlaneThread;
  readonly epoll: number;
  readonly wakeup: number;
  readonly posted: PostedCount;
  readonly opened: FdLedger;
  readonly busy: BusyMark;
  readonly since: number;
}

/** A Worker that lived shorter than this has failed at once; the next waits twice as long as the last. */
const SHORT_LIFE_MS = 10_000;
const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 5_000;
/** Of messages that go out as one: a successor has two for each service, and is not done with its turn for a while. */
const MOST_TOGETHER = 128;

export class PlaneLink {
  readonly #ports: DataPlanePorts;
  readonly #listener: LinkListener;
  #connection: Connection | null = null;
  #estate: PlaneEstate | null = null;
  #outbox: ToPlane[] = [];
  #isClosed = false;
  #generation = 0;
  #delay = FIRST_DELAY_MS;
  #whenEnded: (() => void) | null = null;

  constructor(ports: DataPlanePorts, listener: LinkListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.#connect();
  }

  /** Another number for each Worker. */
  get generation(): number {
    return this.#generation;
  }

  /** For how long the Worker has been at work on one thing, in microseconds; 0: it waits for something to do. */
  get busyFor(): number {
    return this.#connection?.busy.lastsAt(this.#ports.micros()) ?? 0;
  }

  /** Sends the message with others of this turn. While there is no Worker, it is dropped: the greeting says all. */
  post(message: ToPlane): void {
    if (this.#connection === null) return;
    this.#outbox.push(message);
    if (this.#outbox.length === 1) queueMicrotask(() => this.#send());
    if (this.#outbox.length === MOST_TOGETHER) this.#send();
  }

  /** Takes a descriptor out of the Worker's set at once, so that it may be closed. */
  remove(fd: number): void {
    if (this.#connection !== null) this.#ports.removeFromEpoll(this.#connection.epoll, fd);
  }

  /** Ends the Worker for good. */
  close(): Promise<void> {
    this.#isClosed = true;
    const connection = this.#connection;
    if (connection === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEnded = resolve;
      connection.thread.end();
    });
  }

  #connect(): void {
    if (this.#isClosed) return;
    const fds: number[] = [];
    try {
      this.#connection = this.#open(fds);
    } catch (error) {
      // The machine has no descriptor or no thread to give at the moment.
      for (const fd of fds) this.#ports.close(fd);
      this.#connectLater(error instanceof Error ? error.message : String(error), this.#delay * 2);
      return;
    }
    this.#outbox = [...this.#listener.greeting()];
    this.#send();
  }

  /** Throws if that is not possible; `fds` then holds what was opened for it. */
  #open(fds: number[]): Connection {
    const epoll = this.#ports.openEpoll();
    fds.push(epoll);
    const wakeup = this.#ports.openEventfd();
    fds.push(wakeup);
    this.#estate ??= this.#ports.openEstate(this.#listener.lane);
    const estate = this.#estate;
    const unsettled = this.#ports.unsettledPipeOf(estate, (slot) => this.#listener.fdOfSlot(slot));
    const memory = newLedgerMemory();
    const busyMemory = newBusyMemory();
    const postedMemory = newPostedMemory();
    const thread = this.#ports.startThread({
      said: (messages) => {
        // What a dead Worker still said, the next one finds out again.
        if (this.#connection?.thread !== thread) return;
        forEachInSpite(messages, (message) => this.#listener.said(message));
      },
      ended: (reason) => this.#disconnect(reason),
    });
    const { syslogPath: syslog, stamping } = this.#ports;
    const shared = { posted: postedMemory, opened: memory, busy: busyMemory };
    thread.post({ epoll, wakeup, ...shared, syslog, stamping, estate, unsettled });
    const since = this.#ports.now();
    const [posted, opened, busy] = [new PostedCount(postedMemory), new FdLedger(memory), new BusyMark(busyMemory)];
    return { thread, epoll, wakeup, posted, opened, busy, since };
  }

  #send(): void {
    const connection = this.#connection;
    const messages = this.#outbox;
    this.#outbox = [];
    if (connection === null || messages.length === 0) return;
    connection.thread.post(messages);
    // What services say from here on comes after it: the Worker looks at the count with what it reads, and only then writes that.
    connection.posted.add();
    this.#ports.addToEventfd(connection.wakeup);
  }

  #disconnect(reason: string | null): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#generation++;
    this.#outbox = [];
    for (const fd of [...connection.opened.fds, connection.epoll, connection.wakeup]) this.#ports.close(fd);
    this.#whenEnded?.();
    if (this.#isClosed) return;
    const isShort = this.#ports.now() - connection.since < SHORT_LIFE_MS;
    this.#connectLater(reason ?? "it was ended", isShort ? this.#delay * 2 : FIRST_DELAY_MS);
  }

  #connectLater(reason: string, delay: number): void {
    this.#delay = Math.min(delay, LONGEST_DELAY_MS);
    // Later, as the listener may still be at work on the message that this was made for.
    queueMicrotask(() => this.#listener.died(reason));
    setTimeout(() => this.#connect(), this.#delay);
  }
}
