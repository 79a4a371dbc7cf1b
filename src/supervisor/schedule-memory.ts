/* What was dealt with last of each schedule: outlives the supervisor, so that nothing runs twice and what was missed is known. */
import type { WallTime } from "../core/units.ts";
import type { Report } from "./ports.ts";

/** The time that was due last and has been dealt with, or when the schedule was first seen. */
export interface RememberedRun {
  readonly at: WallTime;
  /** What the schedule was then. */
  readonly rule: string;
}

export interface ScheduleMemoryPort {
  /** What was remembered last, by service; empty if there is nothing that can be read. */
  load(): ReadonlyMap<string, RememberedRun>;
  /** Why it cannot be remembered, as a whole sentence; null if it is. */
  save(runs: ReadonlyMap<string, RememberedRun>): string | null;
}

export class ScheduleMemory {
  readonly #port: ScheduleMemoryPort;
  readonly #report: Report;
  #runs: Map<string, RememberedRun> | null = null;
  #isUnsaved = false;
  #hasComplained = false;

  constructor(port: ScheduleMemoryPort, report: Report) {
    this.#port = port;
    this.#report = report;
  }

  /** When something of this very schedule was dealt with; null: never. */
  last(service: string, rule: string): WallTime | null {
    const run = this.#known().get(service);
    return run?.rule === rule ? run.at : null;
  }

  remember(service: string, run: RememberedRun): void {
    this.#known().set(service, run);
    this.#isUnsaved = true;
  }

  forget(service: string): void {
    if (this.#known().delete(service)) this.#isUnsaved = true;
  }

  /** Writes it down if anything has changed. A failure is reported once, until it works again. */
  save(): void {
    if (!this.#isUnsaved) return;
    const problem = this.#port.save(this.#known());
    // What could not be written is written with the next change.
    this.#isUnsaved = false;
    if (problem !== null && !this.#hasComplained) this.#report("warning", problem);
    this.#hasComplained = problem !== null;
  }

  /** Read when it is first needed: most supervisors have no schedule. */
  #known(): Map<string, RememberedRun> {
    this.#runs ??= new Map(this.#port.load());
    return this.#runs;
  }
}
