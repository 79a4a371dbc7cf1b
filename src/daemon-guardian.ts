/*
 * The supervisor's side of its guardian: what it holds for a successor, the ends of children that are the guardian's, and
 * signals that are handed on. Part of the composition root.
 */
import type { SignalName } from "./core/signal-names.ts";
import type { UpgradeNote } from "./core/upgrade.ts";
import type { EstateMirror } from "./daemon-estate.ts";
import {
  type DaemonUser,
  type EndedWard,
  MOST_CHILDREN,
  type ToGuardian,
  type ToSupervisor,
  decodeMessage,
  encodeMessage,
} from "./guardian-messages.ts";
import { hearEndOfParent } from "./os/become-daemon.ts";
import { MOST_PACKET_BYTES, MOST_PACKET_DESCRIPTORS, PacketSocket, type SendOutcome } from "./os/packet-socket.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { awaitDescriptors } from "./os/poll.ts";
import { hasEnded } from "./os/processes.ts";
import type { GuardianAddress } from "./role.ts";

/** What is said within this time is said together, in milliseconds, unless it presses. */
const TOGETHER = 5;
/** How soon something is tried again that the guardian does not read, in milliseconds. */
const AGAIN = 10;
/** How long the guardian may take to die, in milliseconds. */
const DYING = 20;
/** How long the end waits for the guardian to take what was said last. */
const LAST_WORDS_WITHIN = 1_000;
/** Of what a supervisor says that cannot go on. */
const MOST_LINES = 20;
const MOST_CHARACTERS = 200;
/** What a message is longer than the names in it, at most. */
const FRAME_BYTES = 64;
/** Of a name as JSON: "\u0000". To reckon with the most is quicker than to count, and what counts is nearly always how many there are. */
const MOST_BYTES_A_CHARACTER = 6;

/** A name, and the descriptor that is to be held under it; null: it is to be released. */
type Change = readonly [name: string, fd: number | null];

/** Pipes that have come to their end: nobody minds if the guardian has them for a little longer. */
const PIPES_OF_SERVICES = "log ";

export interface GuardianListener {
  signal(name: SignalName): void;
  /** A bug of the guardian's: it goes on. */
  trouble(text: string): void;
  /** It has become of the version of this supervisor; `failure`: it could not. */
  followed(failure: string | null): void;
  /** The guardian has died. */
  gone(): void;
}

export class GuardianLink implements EstateMirror {
  readonly pid: number;
  /** Of the guardian, and since when it is of it, milliseconds since 1970. */
  version: string;
  since: number;
  readonly #socket: PacketSocket;
  /** What is to be held (the descriptor) or released (null), and has not been said. */
  readonly #estate = new Map<string, number | null>();
  /** What else has not been said, in order. */
  readonly #unsaid: ToGuardian[] = [];
  /** Ended children of the guardian that have not been dealt with here. */
  readonly #ended = new Map<number, EndedWard>();
  /** Those that have, and that it may not have reaped yet. */
  readonly #reaping = new Set<number>();
  /** Those of which it has not been told that it may. */
  #dealtWith: number[] = [];
  /** There is something among it that is to be said before a process is started. */
  #isPressing = false;
  /** How many signals it has told of. */
  #heard = 0;
  #timer: NodeJS.Timeout | null = null;
  #another: NodeJS.Timeout | null = null;
  /** The guardian has died. */
  isGone = false;

  constructor(address: GuardianAddress) {
    this.pid = address.pid;
    this.version = address.version;
    this.since = address.since;
    this.#socket = new PacketSocket(address.link);
  }

  /** To be called once the user is the one that this process stays; from then on a SIGCHLD says when there is something to hear. */
  attach(): void {
    hearEndOfParent(this.pid);
  }

  /** Hears everything that there is. */
  hear(listener: GuardianListener): void {
    if (this.isGone) return;
    for (;;) {
      const packet = this.#socket.receive();
      if (packet.tag === "empty") return this.#hearAgain(listener);
      if (packet.tag === "ended") {
        this.isGone = true;
        return listener.gone();
      }
      this.#take(decodeMessage<ToSupervisor>(packet.bytes), listener);
    }
  }

  /**
   * The signal that tells of the guardian's death comes with the end of its first thread, and the link is closed with that of its
   * last. So it is looked at once more a moment later, and then for as long as the guardian is at the point of dying.
   */
  #hearAgain(listener: GuardianListener): void {
    this.#another ??= setTimeout(() => {
      this.#another = null;
      if (hasEnded(this.pid)) this.hear(listener);
    }, DYING);
  }

  #take(message: ToSupervisor, listener: GuardianListener): void {
    switch (message.tag) {
      case "signal":
        this.#heard += 1;
        return listener.signal(message.name);
      case "ended":
        for (const child of message.children) this.#ended.set(child.pid, child);
        return;
      case "reaped":
        for (const pid of message.pids) this.#reaping.delete(pid);
        return;
      case "trouble":
        return listener.trouble(message.text);
      case "guardian":
        this.version = message.version;
        this.since = message.since;
        // The guardian that counts from now on has told of nothing yet.
        if (message.failure === null) this.#heard = 0;
        return listener.followed(message.failure);
    }
  }

  /** Children of the guardian that have ended and are not reaped. */
  get ended(): ReadonlyMap<number, EndedWard> {
    return this.#ended;
  }

  /** true: it is being reaped, and is not to be met again. */
  isReaping(pid: number): boolean {
    return this.#reaping.has(pid);
  }

  reap(pid: number): void {
    this.#ended.delete(pid);
    this.#reaping.add(pid);
    this.#dealtWith.push(pid);
    this.#arm(TOGETHER);
  }

  hold(name: string, fd: number): void {
    this.#change(name, fd);
  }

  release(name: string): void {
    this.#change(name, null);
  }

  /** To be called right before this process gives up root. */
  become({ name, uid, gid }: DaemonUser): void {
    this.#say({ tag: "become", user: { name, uid, gid } });
  }

  flush(): void {
    if (this.#isPressing) this.#sayEstate();
  }

  /** Whoever waited for the start knows that it is up. */
  ready(): void {
    this.#say({ tag: "ready" });
  }

  /** Everything is being stopped, for good. */
  ending(): void {
    this.#wake();
    this.#say({ tag: "ending" });
  }

  manager(text: string): void {
    this.#say({ tag: "manager", text });
  }

  /** This process is about to end without order. */
  failed(lines: readonly string[]): void {
    this.#say({ tag: "failed", lines: lines.map((line) => line.slice(0, MOST_CHARACTERS)).slice(0, MOST_LINES) });
  }

  /** The last thing to be said. Blocks for a moment if the guardian does not read. */
  over(code: number): void {
    this.#wake();
    this.#say({ tag: "over", code });
    this.#sayAll();
  }

  /** This process ends, for the program in the file `binary` to take its place. The last thing to be said, likewise. */
  upgrade(note: UpgradeNote, given: { readonly binary: number; readonly missed: readonly SignalName[] }): void {
    this.#wake();
    this.#sayAll();
    const packet = encodeMessage({ tag: "upgrade", note, heard: this.#heard, missed: given.missed });
    const until = performance.now() + LAST_WORDS_WITHIN;
    while (this.#socket.send(packet, [given.binary]) === "full" && performance.now() < until)
      awaitDescriptors([{ fd: this.#socket.fd, writable: true }], until - performance.now());
  }

  /** Somebody may have stopped it: it is to hear of this, and to tell of the ends of services that are its children. */
  #wake(): void {
    if (this.isGone || process.ppid !== this.pid) return;
    try {
      process.kill(this.pid, "SIGCONT");
    } catch {
      // It has ended meanwhile, which is told as well.
    }
  }

  #sayAll(): void {
    const until = performance.now() + LAST_WORDS_WITHIN;
    while (!this.#catchUp() && performance.now() < until)
      awaitDescriptors([{ fd: this.#socket.fd, writable: true }], until - performance.now());
  }

  /** The guardian is no more, and this process is about to take its place: no reader is left. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#another !== null) clearTimeout(this.#another);
    closeDescriptor(this.#socket.fd);
  }

  #change(name: string, fd: number | null): void {
    this.#isPressing ||= fd !== null;
    this.#estate.delete(name);
    this.#estate.set(name, fd);
    // Whoever closes a socket does not want it to be open there.
    if (fd === null && !name.startsWith(PIPES_OF_SERVICES)) this.#sayEstate();
    this.#arm(TOGETHER);
  }

  #say(message: ToGuardian): void {
    this.#unsaid.push(message);
    if (!this.#catchUp()) this.#arm(AGAIN);
  }

  #arm(delay: number): void {
    if (this.#timer !== null || this.isGone) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#catchUp()) this.#arm(AGAIN);
    }, delay);
  }

  /** false: the guardian does not read. */
  #catchUp(): boolean {
    if (!this.#sayEstate()) return false;
    if (this.#dealtWith.length > 0) this.#unsaid.push({ tag: "reap", pids: this.#dealtWith.splice(0, MOST_CHILDREN) });
    for (let next = this.#unsaid[0]; next !== undefined; next = this.#unsaid[0]) {
      if (this.#socket.send(encodeMessage(next)) === "full") return false;
      this.#unsaid.shift();
    }
    return this.#dealtWith.length === 0 || this.#catchUp();
  }

  #sayEstate(): boolean {
    this.#isPressing = false;
    while (this.#estate.size > 0) {
      const batch = this.#nextBatch();
      const outcome = this.#sayBatch(batch);
      if (outcome === "full") return false;
      // One of them is closed, which is a bug: the others are held all the same.
      if (outcome === "failed" && batch.length > 1) for (const change of batch) this.#sayBatch([change]);
      for (const [name] of batch) this.#estate.delete(name);
    }
    return true;
  }

  #sayBatch(batch: readonly Change[]): SendOutcome {
    const fds = batch.flatMap(([, fd]) => (fd === null ? [] : [fd]));
    const names = batch.map(([name]) => name);
    return this.#socket.send(encodeMessage({ tag: fds.length > 0 ? "hold" : "release", names }), fds);
  }

  /** As many as one message takes, all of them to be held or all to be released. */
  #nextBatch(): readonly Change[] {
    const batch: Change[] = [];
    let size = FRAME_BYTES;
    for (const [name, fd] of this.#estate) {
      size += MOST_BYTES_A_CHARACTER * name.length + 3;
      const isOther = batch[0] !== undefined && (batch[0][1] === null) !== (fd === null);
      if (isOther || batch.length === MOST_PACKET_DESCRIPTORS || (batch.length > 0 && size > MOST_PACKET_BYTES)) break;
      batch.push([name, fd]);
    }
    return batch;
  }
}
