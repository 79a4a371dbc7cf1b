/* What is told when a supervisor begins. Part of the composition root. */
import type { ServiceMemory } from "./daemon-memory.ts";
import type { SupervisorRole } from "./role.ts";
import type { Report } from "./supervisor/ports.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";
import { VERSION } from "./version.ts";

interface BeginningParts {
  readonly supervisor: Supervisor;
  readonly report: Report;
  /** How many there are. */
  readonly services: number;
  readonly memory: ServiceMemory;
}

/** Tells the log, the history and whoever follows events. Of an upgrade is told once it is up. */
export function tellBeginning(role: SupervisorRole, parts: BeginningParts): void {
  const { supervisor, report, services, memory } = parts;
  const message = replacementOf(role, memory);
  if (message !== null) {
    report("err", message);
    supervisor.events.emit({
      service: null,
      event: "replaced",
      state: null,
      previous: null,
      pid: process.pid,
      message,
    });
  }
  const beginning = `daemonsup ${VERSION} begins, pid ${process.pid}, ${services} services from ${role.options.config}`;
  report("notice", beginning);
  supervisor.companions.history.note("begin", null, beginning);
}

/** For whom this one goes on, and what has become of that; null: for none, or for one that has made room. */
function replacementOf({ before, upgrade }: SupervisorRole, { hasPredecessor }: ServiceMemory): string | null {
  if (before !== null) return before;
  if (!hasPredecessor || (upgrade ?? null) !== null) return null;
  return `the supervisor before this one has died, and nobody has seen how; pid ${process.pid} goes on`;
}
