/*
 * The guardian: the parent of the supervisor, small enough that little in it can fail. It starts the supervisor, again if that
 * dies, holds duplicates of the descriptors that are to outlive it, keeps the ends of orphaned services until somebody
 * has dealt with them, and hands on signals. It knows nothing of services, and sleeps in one system call. Part of the
 * composition root.
 */
import { writeSync } from "node:fs";
import type { Exit } from "./core/exit.ts";
import { ownOomScoreOf } from "./core/own-oom-score.ts";
import { type Instant, later, millis } from "./core/units.ts";
import { GuardianChildren } from "./guardian-children.ts";
import { HeldDescriptors } from "./guardian-held.ts";
import { type Ending, type Heard, SupervisorLife } from "./guardian-life.ts";
import type { ToSupervisor } from "./guardian-messages.ts";
import { HANDED_ON, HandedOnSignals } from "./guardian-signals.ts";
import { Succession } from "./guardian-succession.ts";
import { Upgrade, replaceGuardian } from "./guardian-upgrade.ts";
import { becomeUser } from "./guardian-user.ts";
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
import { changeOwnScore } from "./os/oom-score.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { awaitDescriptors } from "./os/poll.ts";
import { openSignalDescriptor, takeSignals } from "./os/signal-descriptor.ts";
import { reserveNumbers } from "./os/reserve-numbers.ts";
import { prepareRelease } from "./os/resident-memory.ts";
import { holdSpareDescriptors, releaseSpareDescriptors } from "./os/spare-descriptors.ts";
import { type UnixDatagram, openUnixDatagram } from "./os/unix-datagram.ts";
import type { GuardianRole, Ward } from "./role.ts";
import { VERSION } from "./version.ts";

const IGNORED = ["SIGPIPE", "SIGTTIN", "SIGTTOU", "SIGTSTP"] as const;

/** Numbers below this one stay free for supervisors: what they copy for each child is then little. */
const FIRST_HELD = 64;
/** So long nothing more is read after something was that comes in numbers: all of it waits well. */
const NAP = millis(20);

/** So long it rests after something that should not have happened. */
const TROUBLED = millis(100);
/** What this process ends with where none is to follow. */
const FAILED = 1;
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
  if (role.ward === null) guardian.begin();
  else guardian.goOn(role.ward);
  ignoreSignals(IGNORED);
  return guardian.watch();
}

class Guardian {
  readonly #role: GuardianRole;
  readonly #children = new GuardianChildren();
  readonly #held: HeldDescriptors;
  #life: SupervisorLife | null = null;
  readonly #succession: Succession;
  readonly #signals: HandedOnSignals;
  /** What else this supervisor has not been told yet. */
  #news: ToSupervisor[] = [];
  /** Children may have ended of which the supervisor has not been told. */
  #mayHaveEnded = true;
  /** The supervisor does not read what it is told. */
  #isBehind = false;
  /** Until then nothing is read that the supervisor says. */
  #napEnds: Instant = monotonicNow();
  /** When memory is given back; null: nothing has happened since it was. */
  #restAt: Instant | null = null;
  readonly #manager: UnixDatagram | null;

  constructor(role: GuardianRole) {
    this.#role = role;
    this.#succession = new Succession(role);
    this.#held = new HeldDescriptors(role.estate);
    this.#signals = new HandedOnSignals(role);
    const opened = openUnixDatagram(process.env["NOTIFY_SOCKET"] ?? "");
    this.#manager = process.env["NOTIFY_SOCKET"] !== undefined && opened.tag === "opened" ? opened.datagram : null;
  }

  /** Starts a supervisor. */
  begin(): void {
    const given = this.#succession.next;
    releaseSpareDescriptors();
    const birth = SupervisorLife.begin(this.#role, given, this.#held.manifest);
    holdSpareDescriptors();
    this.#restAt = later(monotonicNow(), QUIET);
    if (birth.tag === "born") {
      this.#life = birth.life;
      this.#children.forget();
      this.#signals.forget();
      this.#mayHaveEnded = true;
      return;
    }
    if (!this.#succession.everReady) writeSync(2, `cannot start: ${birth.reason}\n`);
    const none = { pid: null, began: monotonicNow(), over: null, wasReady: false, lastWords: birth.reason };
    this.#conclude({ tag: "unknown" }, none);
  }

  /** With the supervisor of the guardian that this one has replaced. */
  goOn(ward: Ward): void {
    this.#life = SupervisorLife.goesOn(ward);
    this.#children.remember(ward.told);
    this.#tellVersion(null);
    this.#restAt = later(monotonicNow(), QUIET);
  }

  watch(): never {
    const score = ownOomScoreOf("guardian", this.#succession.oomScore ?? 0);
    // Where it may not have that it has to do without.
    if (score !== null) changeOwnScore(score);
    const descriptor = openSignalDescriptor([...HANDED_ON, "SIGCHLD"]);
    reserveNumbers(FIRST_HELD);
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
    if (this.#life === null && monotonicNow() >= this.#succession.at) this.begin();
    if (this.#life !== null && monotonicNow() >= this.#napEnds) this.#listen(this.#life);
    if (this.#mayHaveEnded) this.#lookForEnds();
    if (this.#life !== null) this.#tell(this.#life);
    this.#sleep(descriptor);
  }

  #heard(name: string): void {
    if (name === "SIGCHLD") this.#mayHaveEnded = true;
    // Whoever wants it to end does not wait for a pause.
    if (this.#signals.hear(name)) this.#succession.at = monotonicNow();
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
        message.names.forEach((name, index) => this.#held.hold(name, descriptors[index]));
        return descriptors.slice(message.names.length);
      case "release":
        for (const name of message.names) this.#held.release(name);
        break;
      case "become":
        if (!becomeUser(message.user, { score: this.#succession.oomScore, supervisor: life.pid })) life.over = FAILED;
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
        this.#signals.ending ??= "SIGTERM";
        break;
      case "failed":
        life.lastWords = message.lines.join("; ");
        break;
      case "over":
        life.over = message.code;
        break;
      case "upgrade":
        this.#succession.upgrade = new Upgrade(message.note, descriptors[0]);
        this.#signals.leave(message.heard, message.missed);
        return descriptors.slice(1);
      case "manager":
        this.#manager?.send(Buffer.from(message.text), monotonicNow());
        break;
    }
    return descriptors;
  }

  #isReady(life: SupervisorLife): void {
    life.wasReady = true;
    const { upgrade, everReady } = this.#succession;
    if (upgrade?.isTried === true) this.#changeProgram(life, upgrade);
    this.#succession.everReady = true;
    if (everReady) return;
    const { readyPipe = null, configuration = null, complete = null } = this.#role.handover ?? {};
    if (readyPipe !== null) silenceStandardError();
    for (const fd of [readyPipe, configuration, complete]) if (fd !== null) closeDescriptor(fd);
  }

  /** The new supervisor is up: now this process is replaced as well. Returns only if that fails. */
  #changeProgram(life: SupervisorLife, upgrade: Upgrade): void {
    const { pid, began, fd: link } = life;
    const { untold, ending } = this.#signals;
    const told = this.#children.known;
    const ward = { pid, began, link, told, signals: untold, ending, oomScore: this.#succession.oomScore };
    this.#succession.upgrade = null;
    this.#tellVersion(replaceGuardian(this.#role, upgrade, { held: this.#held.manifest, ward }));
    upgrade.close();
  }

  #tellVersion(failure: string | null): void {
    this.#news.push({ tag: "guardian", version: VERSION, since: this.#succession.since, failure });
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
    this.#succession.conclude(exit, life);
    this.#news = [];
    this.#signals.repeatEnding();
  }

  /** What it cannot take now it is told later. */
  #tell(life: SupervisorLife): void {
    this.#isBehind = false;
    this.#news = this.#news.filter((message) => !this.#isTold(life, message));
    // One that makes room hears no more.
    if (this.#succession.upgrade?.isTried !== false)
      this.#signals.tell((name) => this.#isTold(life, { tag: "signal", name }));
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
    const release = this.#restAt !== null && now >= this.#restAt ? this.#prepareRest() : null;
    this.#succession.upgrade?.enforce(life);
    const until =
      life === null
        ? this.#succession.at
        : isNapping
          ? this.#napEnds
          : (this.#succession.upgrade?.until ?? this.#restAt);
    const timeout = until === null ? null : Math.max(until - now, 0);
    awaitDescriptors([{ fd: descriptor, writable: false }, ...link], timeout, release);
  }

  /** What is still to be done right before it sleeps. */
  #prepareRest(): () => void {
    this.#restAt = null;
    Bun.gc(true);
    return prepareRelease();
  }
}
