/*
 * Changes the program under running services: what is there now is probed, then this process makes room for it, without
 * stopping anything. With a guardian, that starts the new one and knows the way back; without, the new one is executed in place.
 * Part of the composition root.
 */
import { writeSync } from "node:fs";
import type { UpgradeOutcome } from "./control/control-port.ts";
import { SIGNAL_NUMBERS, type SignalName } from "./core/signal-names.ts";
import type { UpgradeNote, UpgradeView } from "./core/upgrade.ts";
import type { WallTime } from "./core/units.ts";
import { isoOf } from "./core/view.ts";
import type { Launcher } from "./daemon-announcement.ts";
import { type Estate, writeManifest } from "./daemon-estate.ts";
import type { GuardianLink } from "./daemon-guardian.ts";
import type { HelperPorts } from "./daemon-helper.ts";
import { dropKeptRecords, keepRecords } from "./daemon-kept-records.ts";
import type { Manager } from "./daemon-manager.ts";
import { probeProgram } from "./daemon-probe.ts";
import { wallNow } from "./os/clock.ts";
import { errnoNameOf } from "./os/errno-names.ts";
import { NativeBlock } from "./os/native-block.ts";
import { loadNative } from "./os/native.ts";
import { openLogPipe } from "./os/pipe-io.ts";
import { openProgram, programOf } from "./os/program-file.ts";
import { closeFd } from "./os/signalling.ts";
import { OWN_PROGRAM, type SupervisorRole, roleArguments, roleEnvironment } from "./role.ts";
import type { Reloader } from "./supervisor/reloader.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";
import { VERSION } from "./version.ts";

export interface UpgradeParts {
  readonly supervisor: Supervisor;
  readonly reloader: Reloader;
  readonly launcher: Launcher;
  readonly guardian: GuardianLink | null;
  readonly manager: Manager;
  readonly estate: Estate;
  readonly helpers: HelperPorts;
  /** Takes no more requests, and writes down what is still to be. Never rejects. */
  rest(): Promise<void>;
}

/** How long a client or a disk may hold up what was decided, in milliseconds. */
const LAST_WORDS_WITHIN = 2_000;

export class Upgrades {
  readonly #role: SupervisorRole;
  readonly #parts: UpgradeParts;
  /** The one that is under way. */
  #current: { readonly program: string; readonly outcome: Promise<UpgradeOutcome> } | null = null;
  /** Signals that are left to the new program; null: this one hears them itself. */
  #missed: SignalName[] | null = null;
  /** What became of the last one, as far as it is known. */
  #view: UpgradeView | null = null;

  constructor(role: SupervisorRole, parts: UpgradeParts) {
    this.#role = role;
    this.#parts = parts;
  }

  get view(): UpgradeView | null {
    return this.#view;
  }

  /** Says what this process is the outcome of. To be called once, when it is up. */
  conclude(): void {
    const note = this.#role.upgrade ?? null;
    if (note === null) return;
    dropKeptRecords(this.#role.directories.runtime);
    const { failure } = note;
    const isDecided = failure !== null || this.#parts.guardian === null;
    this.#view = viewOf(note, !isDecided ? "begun" : failure === null ? "done" : "failed", failure);
    const words =
      failure === null
        ? `upgraded from version ${note.from} to version ${note.to} ("${note.program}")`
        : `cannot upgrade to "${note.program}": ${failure}; version ${VERSION} goes on`;
    this.#tell(failure === null ? "notice" : "err", words);
  }

  /** The guardian has tried to follow. `failure`: why it could not; null: it has. */
  guardianFollowed(failure: string | null): void {
    if (this.#view === null) return;
    const message = failure === null ? null : `the guardian stays as it is: exec failed: ${failure}`;
    this.#view = { ...this.#view, result: "done", message };
    if (message !== null) this.#parts.supervisor.ports.report("warning", message);
  }

  /** true: it is left to the new program. */
  leaves(signal: SignalName): boolean {
    this.#missed?.push(signal);
    return this.#missed !== null;
  }

  askedBySignal(): void {
    this.#parts.supervisor.ports.report("info", "SIGUSR2: replacing the program by the one on disk");
    void this.ask(null);
  }

  /** `program`: an absolute path; null: the one that was started. Ends once the old program makes room, or does not. */
  async ask(program: string | null): Promise<UpgradeOutcome> {
    const wanted = program ?? this.#role.program;
    const current = this.#current;
    if (current !== null) {
      if (current.program === wanted) return await current.outcome;
      return refusedOf(wanted, `an upgrade to "${current.program}" is under way`);
    }
    const outcome = this.#attempt(wanted);
    this.#current = { program: wanted, outcome };
    const reached = await outcome;
    if (reached.tag === "begun") return reached;
    this.#current = null;
    this.#tell("err", reached.message);
    return reached;
  }

  async #attempt(program: string): Promise<UpgradeOutcome> {
    const at = wallNow();
    const opened = openProgram(program);
    if (opened.tag === "refused") return refusedOf(program, opened.reason);
    const { fd } = opened;
    const refuse = (reason: string): UpgradeOutcome => {
      closeFd(fd);
      return refusedOf(program, reason);
    };
    const early = this.#hindrance();
    if (early !== null) return refuse(early);
    const probed = await probeProgram(this.#role, fd, this.#parts.helpers);
    if (probed.tag === "unable") return refuse(probed.reason);
    const note: UpgradeNote = { at, from: VERSION, to: probed.version, program, failure: null };
    const decided = Promise.withResolvers<UpgradeOutcome>();
    // A reload that is under way comes to its end first.
    void this.#parts.reloader.inTurn(async () => {
      const late = this.#hindrance();
      if (late !== null) return decided.resolve(refuse(late));
      this.#missed = [];
      this.#view = viewOf(note, "begun", null);
      decided.resolve({ tag: "begun", upgrade: this.#view });
      await this.#makeRoom(note, fd);
    });
    return await decided.promise;
  }

  #hindrance(): string | null {
    const { supervisor, launcher, guardian } = this.#parts;
    if (supervisor.isEnding) return "the supervisor is shutting down";
    if (launcher.isAwaited) return "the supervisor is still starting";
    return guardian?.isGone === true ? "its guardian has just died" : null;
  }

  /** Returns only if nothing can be executed. */
  async #makeRoom(note: UpgradeNote, binary: number): Promise<void> {
    const { reloader, guardian, manager } = this.#parts;
    manager.reloading();
    const words = `version ${note.from} makes room for version ${note.to} ("${note.program}")`;
    this.#parts.supervisor.ports.report("notice", words);
    await Promise.race([this.#parts.rest(), Bun.sleep(LAST_WORDS_WITHIN)]);
    const unkept = keepRecords(this.#role.directories.runtime);
    if (unkept !== null) this.#parts.supervisor.ports.report("warning", unkept);
    const missed = [...(this.#missed ?? []), ...(reloader.isAsked ? (["SIGHUP"] as const) : [])];
    if (guardian === null || guardian.isGone) return this.#executeInPlace(note, { binary, missed });
    guardian.upgrade(note, { binary, missed });
    // As at any other death, everything that counts is written down. An orderly end would only take longer.
    process.kill(process.pid, "SIGKILL");
  }

  #executeInPlace(note: UpgradeNote, given: { readonly binary: number; readonly missed: readonly SignalName[] }): void {
    const { missed } = given;
    const next = { program: note.program, upgrade: note };
    const errno = this.#execute({ image: programOf(given.binary), missed }, next);
    const failure = `exec failed: ${errno}`;
    const back = { program: this.#role.program, upgrade: { ...note, failure } };
    const again = this.#execute({ image: OWN_PROGRAM, missed }, back);
    this.#tell(
      "crit",
      `cannot upgrade to "${note.program}": ${failure}, and back: ${again}; nobody can be answered any more`,
    );
  }

  /** Returns only if that fails, with the errno. */
  #execute(
    { image: path, missed }: { readonly image: string; readonly missed: readonly SignalName[] },
    next: Pick<SupervisorRole, "program" | "upgrade">,
  ): string {
    const pipe = openLogPipe();
    if (pipe.tag === "failed") return pipe.errno;
    const { read, write } = pipe.ends;
    if (missed.length > 0)
      writeSync(
        write,
        Uint8Array.from(missed, (name) => SIGNAL_NUMBERS[name]),
      );
    const { manifest } = this.#parts.estate;
    const estate = writeManifest(manifest);
    const fresh = { handover: null, guardian: null, record: "use", oomScore: null, before: null } as const;
    const role: SupervisorRole = { ...this.#role, ...fresh, ...next, signalPipe: read, estate };
    const block = new NativeBlock();
    const image = { path, argv: roleArguments(role), env: roleEnvironment(role, process.env) };
    block.encodeRole(image, [read, estate, ...manifest.values()]);
    const errno = loadNative().replace(block.address, write);
    for (const fd of [read, write, estate]) closeFd(fd);
    return errnoNameOf(errno);
  }

  #tell(severity: "notice" | "err" | "crit", message: string): void {
    const { ports, events } = this.#parts.supervisor;
    ports.report(severity, message);
    events.emit({ service: null, event: "upgrade", state: null, previous: null, pid: process.pid, message });
  }
}

function refusedOf(program: string, reason: string): Extract<UpgradeOutcome, { tag: "refused" }> {
  return { tag: "refused", message: `cannot upgrade to "${program}": ${reason}` };
}

function viewOf(note: UpgradeNote, result: UpgradeView["result"], message: string | null): UpgradeView {
  const { at, from, to, program: binary } = note;
  return { at: isoOf(at as WallTime), from, to, binary, result, message };
}
