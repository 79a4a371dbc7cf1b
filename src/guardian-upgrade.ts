/*
 * How a guardian changes the program: first the supervisor, which is on trial until it says that it is up, then itself.
 * Part of the composition root.
 */
import type { Exit } from "./core/exit.ts";
import { type Instant, later, millis } from "./core/units.ts";
import type { UpgradeNote } from "./core/upgrade.ts";
import { type Manifest, writeManifest } from "./daemon-estate.ts";
import { type Ending, type SupervisorLife, wordsOf } from "./guardian-life.ts";
import { monotonicNow } from "./os/clock.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { faultOfProgram, programOf } from "./os/program-file.ts";
import { executeRole, surviveExec } from "./os/spawn-role.ts";
import { type GuardianRole, type Ward, roleArguments, roleEnvironment } from "./role.ts";

/** So long the old supervisor may take to end, and then the new one to say that it is up. */
const TRIAL = millis(10_000);

export class Upgrade {
  readonly note: UpgradeNote;
  readonly #binary: number;
  /** The old supervisor has ended, and the new one begins. */
  isTried = false;
  #until: Instant = later(monotonicNow(), TRIAL);
  /** Why the new program is not to be tried, or has been ended. */
  #fault: string | null;

  /** The supervisor may be another user than the guardian, so what it wants to be executed is judged again. */
  constructor(note: UpgradeNote, binary: number | undefined) {
    this.note = note;
    this.#binary = binary ?? -1;
    this.#fault = binary === undefined ? "there was no descriptor left for it" : faultOfProgram(binary);
    if (binary !== undefined) surviveExec(binary, false);
  }

  /** When it is to be looked at again. */
  get until(): Instant {
    return this.#until;
  }

  get program(): string {
    return programOf(this.#binary);
  }

  /** true: the supervisor that ends now makes room for the new program. */
  begins(): boolean {
    if (this.isTried || this.#fault !== null) return false;
    this.isTried = true;
    this.#until = later(monotonicNow(), TRIAL);
    return true;
  }

  /** Ends who has had its time. */
  enforce(life: SupervisorLife | null): void {
    if (life === null || monotonicNow() < this.#until) return;
    if (this.isTried) this.#fault ??= `it was not up within ${TRIAL / 1000} s`;
    try {
      process.kill(life.pid, "SIGKILL");
    } catch {
      // It has ended, which is heard in a moment.
    }
    this.#until = later(monotonicNow(), TRIAL);
  }

  /** What the supervisor of the old program is told, which goes on. */
  failed(life: Ending, exit: Exit): UpgradeNote {
    return { ...this.note, failure: this.#fault ?? wordsOf(life, exit) };
  }

  close(): void {
    if (this.#binary >= 0) closeDescriptor(this.#binary);
  }
}

/**
 * Executes the new program as guardian in place of this one: the supervisor, which stays its child and at its end of the socket, notices
 * nothing. Signals that come meanwhile stay pending. Returns only if that fails, with the errno.
 */
export function replaceGuardian(
  role: GuardianRole,
  upgrade: Upgrade,
  { held, ward }: { readonly held: Manifest; readonly ward: Ward },
): string {
  const list = writeManifest(held);
  const next: GuardianRole = {
    ...role,
    handover: null,
    signalPipe: null,
    estate: list,
    program: upgrade.note.program,
    ward,
  };
  const kept = [list, ward.link];
  for (const fd of kept) surviveExec(fd, true);
  const failure = executeRole({
    path: upgrade.program,
    argv: roleArguments(next),
    env: roleEnvironment(next, process.env),
  });
  for (const fd of kept) surviveExec(fd, false);
  closeDescriptor(list);
  return failure;
}
