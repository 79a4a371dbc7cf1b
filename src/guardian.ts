/*
 * The guardian: the parent of the supervisor, small enough that little in it can fail. It starts the supervisor, again if that
 * dies, holds duplicates of the descriptors that are to outlive it, keeps the ends of orphaned services until somebody
 * has dealt with them, and hands on signals. It knows nothing of services, and sleeps in one system call. Part of the
 * composition root.
 */
import { writeSync } from "node:fs";
import type { Exit } from "./core/exit.ts";
import { decideSuccession } from "./core/guardianship.ts";
import { type SignalName, signalNameOf } from "./core/signal-names.ts";
import { type Instant, later, millis, spanBetween } from "./core/units.ts";
import { takeManifest } from "./daemon-estate.ts";
import { GuardianChildren } from "./guardian-children.ts";
import { type Ending, type Heard, SupervisorLife, wordsOf } from "./guardian-life.ts";
import type { ToSupervisor } from "./guardian-messages.ts";
import {
  becomeSubreaper,
  clearUmask,
  enterRootDirectory,
  ignoreSignals,
  nameProcess,
  redirectStandardStreams,
  silenceStandardError,
} from "./os/become-daemon.ts";
import { monotonicNow } from "./os/clock.ts";
import { changeOwnScore, readOwnScore } from "./os/oom-score.ts";
import { closeDescriptor, readPipe } from "./os/pipe-io.ts";
import { awaitDescriptors } from "./os/poll.ts";
import { openSignalDescriptor, takeSignals } from "./os/signal-descriptor.ts";
import { reserveNumbers } from "./os/reserve-numbers.ts";
import { releaseProgramPages } from "./os/resident-memory.ts";
import { holdSpareDescriptors, releaseSpareDescriptors } from "./os/spare-descriptors.ts";
import { surviveExec } from "./os/spawn-role.ts";
import { type UnixDatagram, openUnixDatagram } from "./os/unix-datagram.ts";
import type { GuardianRole, SupervisorRole } from "./role.ts";

const HANDED_ON: readonly SignalName[] = ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2"];
/** Those after which everything ends, by whichever supervisor. */
const ENDING: readonly SignalName[] = ["SIGTERM", "SIGINT", "SIGQUIT"];
const IGNORED: readonly SignalName[] = ["SIGPIPE", "SIGTTIN", "SIGTTOU", "SIGTSTP"];

/** Numbers below this one stay free for supervisors: what they copy for each child is then little. */
const FIRST_HELD = 64;
/** So long nothing more is read after something was that comes in numbers: all of it waits well. */
const NAP = millis(20);

/** So long it rests after something that should not have happened. */
const TROUBLED = millis(100);
/**
 * The oom score of a process that is never killed for lack of memory. It takes little, and without it nobody would start the
 * supervisor again. Only root may have it.
 */
const NEVER_KILLED = -1_000;
/** So long nothing must have happened before memory is given back. */
const QUIET = millis(5_000);

/** Never returns; the process exits in here. */
export function runGuardian(role: GuardianRole): never {
  const { handover } = role;
  if (handover !== null && handover.readyPipe !== null) {
    enterRootDirectory();
    redirectStandardStreams(handover.readyPipe);
  }
  clearUmask();
  nameProcess("daemonsup");
  becomeSubreaper();
  const guardian = new Guardian(role);
  guardian.begin();
  ignoreSignals(IGNORED);
  return guardian.watch();
}

class Guardian {
  readonly #role: GuardianRole;
  readonly #children = new GuardianChildren();
  readonly #held: Map<string, number>;
  #life: SupervisorLife | null = null;
  /** What the next supervisor is given, and when it begins, while there is none. */
  #next: Pick<SupervisorRole, "handover" | "record" | "oomScore" | "before">;
  #nextAt: Instant = monotonicNow();
  #failures = 0;
  #everReady: boolean;
  /** Signals that no supervisor has been told of. */
  #signals: SignalName[] = [];
  /** After this one everything ends, if not by this supervisor then by the next. */
  #ending: SignalName | null = null;
  /** Children may have ended of which the supervisor has not been told. */
  #mayHaveEnded = true;
  /** The supervisor does not read what it is told. */
  #isBehind = false;
  /** Until then nothing is read that the supervisor says. */
  #napEnds: Instant = monotonicNow();
  /** When memory is given back; null: nothing has happened since it was. */
  #restAt: Instant | null = null;
  readonly #manager: UnixDatagram | null;
  /** What this process was given, and supervisors are to have. */
  readonly #oomScore = readOwnScore();

  constructor(role: GuardianRole) {
    this.#role = role;
    this.#next = { handover: role.handover, record: "use", oomScore: null, before: null };
    // Without a handover there was a supervisor before, which has become this guardian.
    this.#everReady = role.handover === null;
    this.#held = new Map(takeManifest(role.estate));
    for (const fd of this.#held.values()) surviveExec(fd, true);
    const opened = openUnixDatagram(process.env["NOTIFY_SOCKET"] ?? "");
    this.#manager = process.env["NOTIFY_SOCKET"] !== undefined && opened.tag === "opened" ? opened.datagram : null;
  }

  /** Starts a supervisor. */
  begin(): void {
    const given = this.#next;
    releaseSpareDescriptors();
    const birth = SupervisorLife.begin(this.#role, given, this.#held);
    for (const fd of [given.handover?.configuration, given.handover?.complete])
      if (typeof fd === "number") closeDescriptor(fd);
    holdSpareDescriptors();
    this.#restAt = later(monotonicNow(), QUIET);
    if (birth.tag === "born") {
      this.#life = birth.life;
      this.#children.forget();
      this.#mayHaveEnded = true;
      return;
    }
    if (!this.#everReady) writeSync(2, `cannot start: ${birth.reason}\n`);
    const none = { pid: null, began: monotonicNow(), over: null, wasReady: false, lastWords: birth.reason };
    this.#conclude({ tag: "unknown" }, none);
  }

  watch(): never {
    changeOwnScore(NEVER_KILLED);
    const descriptor = openSignalDescriptor([...HANDED_ON, "SIGCHLD"]);
    reserveNumbers(FIRST_HELD);
    for (const name of this.#diverted()) this.#heard(name);
    for (;;) {
      try {
        this.#turn(descriptor);
      } catch (error) {
        // It must not die of anything; a moment later it may go better, and what has ended is looked for again.
        this.#life?.tell({ tag: "trouble", text: String(error instanceof Error ? error.stack : error) });
        this.#mayHaveEnded = true;
        Bun.sleepSync(TROUBLED);
      }
    }
  }

  #turn(descriptor: number): void {
    for (const name of takeSignals(descriptor)) this.#heard(name);
    if (this.#life === null && monotonicNow() >= this.#nextAt) this.begin();
    if (this.#life !== null && monotonicNow() >= this.#napEnds) this.#listen(this.#life);
    if (this.#mayHaveEnded) this.#lookForEnds();
    if (this.#life !== null) this.#tell(this.#life);
    this.#sleep(descriptor);
  }

  #heard(name: string): void {
    if (name === "SIGCHLD") this.#mayHaveEnded = true;
    const signal = HANDED_ON.find((known) => known === name);
    if (signal === undefined) return;
    this.#signals.push(signal);
    if (!ENDING.includes(signal)) return;
    if (this.#ending !== "SIGQUIT") this.#ending = signal;
    // Whoever wants it to end does not wait for a pause.
    this.#nextAt = monotonicNow();
  }

  /** Signals that came while this program was executed were written into a pipe, a byte each. */
  #diverted(): readonly string[] {
    const { signalPipe } = this.#role;
    if (signalPipe === null) return [];
    const bytes = new Uint8Array(256);
    const read = readPipe(signalPipe, bytes, { offset: 0, most: bytes.length });
    closeDescriptor(signalPipe);
    return read.tag === "read" ? [...bytes.subarray(0, read.count)].map(signalNameOf) : [];
  }

  #listen(life: SupervisorLife): void {
    let isBusy = false;
    for (let heard = life.hear(); heard !== null; heard = life.hear()) {
      this.#restAt = later(monotonicNow(), QUIET);
      isBusy ||= heard.message.tag === "hold" || heard.message.tag === "reap";
      const left = this.#obey(life, heard);
      for (const fd of left) closeDescriptor(fd);
    }
    if (isBusy) this.#napEnds = later(monotonicNow(), NAP);
  }

  /** Returns the descriptors that are not kept. */
  #obey(life: SupervisorLife, { message, descriptors }: Heard): readonly number[] {
    switch (message.tag) {
      case "hold":
        message.names.forEach((name, index) => this.#hold(name, descriptors[index]));
        return descriptors.slice(message.names.length);
      case "release":
        for (const name of message.names) this.#release(name);
        break;
      case "reap":
        this.#children.reap(message.pids);
        life.tell({ tag: "reaped", pids: message.pids });
        this.#mayHaveEnded = true;
        break;
      case "ready":
        this.#isReady(life);
        break;
      case "ending":
        this.#ending ??= "SIGTERM";
        break;
      case "failed":
        life.lastWords = message.lines.join("; ");
        break;
      case "over":
        life.over = message.code;
        break;
      case "manager":
        this.#manager?.send(Buffer.from(message.text), monotonicNow());
        break;
    }
    return descriptors;
  }

  #hold(name: string, fd: number | undefined): void {
    if (this.#held.has(name)) this.#release(name);
    // None has come: there was no number left for it.
    if (fd !== undefined) this.#held.set(name, fd);
  }

  #release(name: string): void {
    const fd = this.#held.get(name);
    if (fd !== undefined) closeDescriptor(fd);
    this.#held.delete(name);
  }

  #isReady(life: SupervisorLife): void {
    life.wasReady = true;
    if (this.#everReady) return;
    this.#everReady = true;
    const pipe = this.#role.handover?.readyPipe ?? null;
    if (pipe === null) return;
    silenceStandardError();
    closeDescriptor(pipe);
  }

  #lookForEnds(): void {
    this.#mayHaveEnded = false;
    const life = this.#life;
    const end = life === null ? null : this.#children.endOf(life.pid);
    if (life === null || end === null) return;
    // What it said last is there still.
    this.#listen(life);
    life.close();
    this.#life = null;
    this.#children.bury(life.pid);
    this.#conclude(end.exit, life);
  }

  #conclude(exit: Exit, life: Ending): void {
    const now = monotonicNow();
    const { over, wasReady } = life;
    const lived = spanBetween(life.began, now);
    const succession = decideSuccession({ exit, over, lived, wasReady, everReady: this.#everReady }, this.#failures);
    if (succession.tag === "end") process.exit(succession.code);
    this.#failures = succession.failures;
    this.#nextAt = later(now, succession.after);
    this.#next = { handover: null, record: succession.record, oomScore: this.#oomScore, before: wordsOf(life, exit) };
    if (this.#ending !== null && !this.#signals.includes(this.#ending)) this.#signals.push(this.#ending);
  }

  /** What it cannot take now it is told later. */
  #tell(life: SupervisorLife): void {
    this.#isBehind = false;
    this.#signals = this.#signals.filter((name) => !this.#isTold(life, { tag: "signal", name }));
    for (;;) {
      const children = this.#isBehind ? [] : this.#children.untold(life.pid);
      if (children.length === 0 || !this.#isTold(life, { tag: "ended", children })) return;
      this.#children.told(children);
    }
  }

  #isTold(life: SupervisorLife, message: ToSupervisor): boolean {
    this.#isBehind ||= !life.tell(message);
    return !this.#isBehind;
  }

  #sleep(descriptor: number): void {
    const now = monotonicNow();
    const isNapping = now < this.#napEnds;
    const life = this.#life;
    const listens = life !== null && !isNapping && !life.hasHungUp;
    const link = listens ? [{ fd: life.fd, writable: this.#isBehind }] : [];
    if (this.#restAt !== null && now >= this.#restAt) this.#rest();
    const until = life === null ? this.#nextAt : isNapping ? this.#napEnds : this.#restAt;
    awaitDescriptors([{ fd: descriptor, writable: false }, ...link], until === null ? null : Math.max(until - now, 0));
  }

  #rest(): void {
    this.#restAt = null;
    Bun.gc(true);
    releaseProgramPages();
  }
}
