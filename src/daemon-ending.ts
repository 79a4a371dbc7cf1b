/* A shutdown in the midst of which a supervisor dies. Part of the composition root. */
import { type NotedShutdown, decodeShutdown, encodeShutdown } from "./core/noted-shutdown.ts";
import type { ServiceRecords } from "./daemon-records.ts";
import { readProcess } from "./os/processes.ts";
import type { SupervisorRole } from "./role.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";

export class Ending {
  readonly #records: ServiceRecords;
  /** This process, whose place as guardian its successor may find it in, and its guardian. */
  readonly #ours: readonly string[];
  readonly #found: NotedShutdown | null;
  /** true: one had begun that nobody was left to finish; what it has ended is to run again. */
  readonly isCutOff: boolean;

  /** `found`: the text of the one that had begun; null: there was none. */
  constructor({ guardian, handover }: SupervisorRole, records: ServiceRecords, found: string | null) {
    this.#records = records;
    const [own, above] = [nameOf(process.pid), guardian === null ? null : nameOf(guardian.pid)];
    this.#ours = [own, above].filter((name) => name !== null);
    const noted = found === null ? null : decodeShutdown(found);
    this.#found = noted !== null && this.#ours.some((name) => noted.ours.includes(name)) ? noted : null;
    this.isCutOff = found !== null && this.#found === null && handover !== null;
  }

  /** A shutdown begins. */
  note(code: number, reason: string): void {
    this.#records.noteShutdown(encodeShutdown({ code, reason, ours: this.#ours }));
  }

  /** Goes on with the shutdown that a predecessor had begun. What one has ended that was cut off is noted with its services by now. */
  goOn(supervisor: Supervisor): void {
    if (this.#found !== null) supervisor.end(this.#found.code, this.#found.reason);
    else this.#records.forgetShutdown();
  }
}

/** A process for good; null: it has just ended. */
function nameOf(pid: number): string | null {
  const row = readProcess(pid);
  return row === null ? null : `${pid} ${row.startTicks}`;
}
