import { LeavingLines } from "./leaving-lines.ts";
import { costOf, type Records, type RelayOrder, type RelayTarget } from "./relay-messages.ts";

/** What all sinks of one data-plane Worker may have on the way together, in bytes. */
const MOST_ON_THE_WAY = 64 * 1024 * 1024;

/** The data plane's end of the line to the relay. */
export class RelayLine {
  readonly #post: (order: RelayOrder) => void;
  /** Different for each Worker, whichever lives. */
  readonly #id: string;
  readonly #allTaken = new SharedArrayBuffer(4);
  readonly #all = new Int32Array(this.#allTaken);
  #sent = 0;
  #count = 0;
  /** What was to be sent before there was a relay; null once there is one. */
  #early: RelayOrder[] | null = [];
  readonly #sinks = new Set<RelayedSink>();
  #generation = 0;
  /** What sinks that are closed have sent to files. */
  readonly leaving = new LeavingLines();

  constructor(id: string, post: (order: RelayOrder) => void) {
    this.#id = id;
    this.#post = post;
  }

  /** A sink of which at most `most` bytes wait. To be closed. */
  open(target: RelayTarget, most: number): RelayedSink {
    const sink = new RelayedSink({ sink: `${this.#id}.${++this.#count}`, target, most }, this);
    this.#sinks.add(sink);
    return sink;
  }

  /** There is a relay now, or another one in the place of the one before, which has to be told everything. */
  renew(): void {
    const early = this.#early;
    this.#early = null;
    // What the one before still had is lost.
    if (early === null) {
      this.#sent = Atomics.load(this.#all, 0);
      this.#generation++;
    }
    for (const sink of this.#sinks) sink.open(early === null);
    for (const order of early ?? []) this.#post(order);
  }

  /** Another number for each relay. */
  get generation(): number {
    return this.#generation;
  }

  get hasRoom(): boolean {
    return ((this.#sent - Atomics.load(this.#all, 0)) | 0) < MOST_ON_THE_WAY;
  }

  get allTaken(): SharedArrayBuffer {
    return this.#allTaken;
  }

  send(order: RelayOrder & { readonly tag: "records" }): void {
    this.#sent = (this.#sent + costOf(order)) | 0;
    this.#say(order);
  }

  /** Tells of a sink, if there is anybody to be told. */
  tell(order: RelayOrder & { readonly tag: "open" }): void {
    if (this.#early === null) this.#post(order);
  }

  shut(sink: RelayedSink): void {
    // One that has something to say that nobody has heard is still told of.
    if (this.#early === null) this.#sinks.delete(sink);
    this.#say({ tag: "shut", sink: sink.id });
  }

  #say(order: RelayOrder): void {
    if (this.#early === null) this.#post(order);
    else this.#early.push(order);
  }
}

export class RelayedSink {
  readonly id: string;
  readonly #target: RelayTarget;
  readonly #most: number;
  readonly #line: RelayLine;
  #takenMemory = new SharedArrayBuffer(8);
  #taken = new Int32Array(this.#takenMemory);
  #sent = 0;

  constructor(begin: { readonly sink: string; readonly target: RelayTarget; readonly most: number }, line: RelayLine) {
    this.id = begin.sink;
    this.#target = begin.target;
    this.#most = begin.most;
    this.#line = line;
    this.open(false);
  }

  /** false: too much is on the way already; nothing was taken. One that is larger than all the room is taken alone. */
  send(records: Records): boolean {
    const onTheWay = (this.#sent - this.taken) | 0;
    if ((onTheWay > 0 && onTheWay + costOf(records) > this.#most) || !this.#line.hasRoom) return false;
    this.push(records);
    return true;
  }

  /** Sends more than there is room for; whoever does so waits until there is some again. */
  push(records: Records): void {
    this.#sent = (this.#sent + costOf(records)) | 0;
    this.#line.send({ tag: "records", sink: this.id, ...records });
  }

  get isFull(): boolean {
    return ((this.#sent - this.taken) | 0) >= this.#most || !this.#line.hasRoom;
  }

  /** Another number for each relay, also once this is closed. */
  get generation(): number {
    return this.#line.generation;
  }

  /** What was sent to this relay so far; once `taken` has come there, all of that has been handed on. */
  get sent(): number {
    return this.#sent;
  }

  /** Changes whenever the relay has handed on something. */
  get taken(): number {
    return Atomics.load(this.#taken, 0);
  }

  /** How many lines this relay has given up; whatever is counted here by then is in `taken` too. */
  get lost(): number {
    return Atomics.load(this.#taken, 1);
  }

  /** Tells the relay of it; a new one has taken nothing of it yet. */
  open(isAnew: boolean): void {
    if (isAnew) {
      this.#takenMemory = new SharedArrayBuffer(8);
      this.#taken = new Int32Array(this.#takenMemory);
      this.#sent = 0;
    }
    const { allTaken } = this.#line;
    this.#line.tell({ tag: "open", sink: this.id, target: this.#target, taken: this.#takenMemory, allTaken });
  }

  /** Nothing more follows. */
  close(): void {
    this.#line.shut(this);
  }
}
