/* What whoever started the supervisor is told of the start. Part of the composition root. */
import { closeSync, writeSync } from "node:fs";
import { EXIT } from "./core/exit-statuses.ts";
import type { GuardianLink } from "./daemon-guardian.ts";
import type { Logs } from "./daemon-logs.ts";
import type { Manager } from "./daemon-manager.ts";
import { timers } from "./daemon-ports.ts";
import { silenceStandardError } from "./os/become-daemon.ts";
import { type Frame, type Handover, type SupervisorRole, daemonPidOf, frameText, readyLines } from "./role.ts";
import { troubledOf, undecidedOf } from "./supervisor/start-outcome.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";

export const TOLD_TO_END = "cannot start: it was told to end";

/** The supervisor's way to speak to whoever started it, until it is ready. A successor was started by nobody who waits. */
export class Launcher {
  /** null: nobody waits any more. */
  #waiting: Handover | null;
  readonly #afterwards: (() => void)[] = [];

  constructor(role: SupervisorRole) {
    this.#waiting = role.handover;
  }

  /** Somebody waits for this process to say how the start went. */
  get isAwaited(): boolean {
    return this.#waiting !== null;
  }

  /** Runs `run` once nobody waits any more for this process to say how the start went. */
  whenTold(run: () => void): void {
    if (this.#waiting === null) run();
    else this.#afterwards.push(run);
  }

  tell(frame: Frame): void {
    if (this.#waiting === null) return;
    const { readyPipe } = this.#waiting;
    this.#waiting = null;
    this.#write(readyPipe, frame);
    if (frame.tag === "ready") for (const run of this.#afterwards) run();
  }

  #write(readyPipe: number | null, frame: Frame): void {
    if (readyPipe === null) {
      const [lines, stream] =
        frame.tag === "ready" ? [readyLines(frame), process.stdout] : [frame.lines, process.stderr];
      stream.write(`${lines.join("\n")}\n`);
      return;
    }
    try {
      writeSync(readyPipe, frameText(JSON.stringify(frame)));
    } catch {
      // The launcher is gone: nobody waits any more.
    }
    silenceStandardError();
    // After a failure it stays open until this process has ended: that is what the launcher waits for.
    if (frame.tag === "ready") closeSync(readyPipe);
  }
}

interface Announcement {
  readonly supervisor: Supervisor;
  readonly launcher: Launcher;
  readonly logs: Logs;
  readonly manager: Manager;
  readonly guardian: GuardianLink | null;
}

export function announceWhenReady(role: SupervisorRole, parts: Announcement): void {
  const { supervisor, manager, guardian } = parts;
  if (role.handover !== null) return announceStart(role, parts);
  // Its services are what they were: nobody waits for them, and none of them can make this start fail.
  manager.ready(supervisor.fleet.size);
  guardian?.ready();
}

function announceStart(role: SupervisorRole, parts: Announcement): void {
  const { supervisor, launcher, logs, manager, guardian } = parts;
  const { readyTimeout, strict } = role.options;
  const cancel = timers.after(readyTimeout, () => {
    const missing = undecidedOf(supervisor.fleet);
    const lines = [`cannot start: not up within ${readyTimeout / 1000}s: ${missing.join(", ")}`];
    launcher.tell({ tag: "failed", exit: EXIT.timedOut, lines });
    supervisor.end(EXIT.timedOut, lines.join("; "));
  });
  supervisor.onSettled(() => {
    cancel();
    if (supervisor.isEnding) {
      launcher.tell({ tag: "failed", exit: EXIT.failed, lines: [TOLD_TO_END] });
      return;
    }
    const notes = troubledOf(supervisor.fleet);
    if (strict && notes.length > 0) {
      launcher.tell({
        tag: "failed",
        exit: EXIT.failed,
        lines: [...notes, "cannot start: --strict, and not every service could be started"],
      });
      supervisor.end(EXIT.failed, "--strict, and not every service could be started");
      return;
    }
    manager.ready(supervisor.fleet.size);
    const pid = guardian?.isGone === true ? process.pid : daemonPidOf(role);
    launcher.tell({ tag: "ready", pid, services: supervisor.fleet.size, notes, log: logs.file });
    // Last: who takes over before it is told that the start is over finishes it, and whoever waited is gone by then.
    guardian?.ready();
  });
}
