/* What has happened to services since the supervisor began, in numbers that only grow. */
import type { Exit } from "../core/exit.ts";
import type { ExitCount } from "../core/metrics-view.ts";
import type { Companion } from "./companion.ts";
import type { ServiceRecord } from "../core/service-record.ts";

export interface RunCount {
  readonly starts: number;
  readonly restarts: number;
  readonly exits: readonly ExitCount[];
}

interface Counts {
  starts: number;
  restarts: number;
  /** A handful; null: none yet, as for most services. */
  exits: { readonly reason: ExitCount["reason"]; readonly status: string; count: number }[] | null;
}

const NONE: RunCount = { starts: 0, restarts: 0, exits: [] };

export class RunCounts implements Companion {
  readonly #counts = new Map<string, Counts>();

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const hasStarted = record.startedAt !== null && record.startedAt !== previous.startedAt;
    const restarts = Math.max(0, record.restarts - previous.restarts);
    const exit = record.lastExit !== previous.lastExit ? (record.lastExit?.exit ?? null) : null;
    if (!hasStarted && restarts === 0 && exit === null) return;
    const counts = this.#countsOf(record.definition.name);
    if (hasStarted) counts.starts++;
    counts.restarts += restarts;
    if (exit !== null) noteExit(counts, exit);
  }

  forgotten(service: string): void {
    this.#counts.delete(service);
  }

  of(service: string): RunCount {
    const counts = this.#counts.get(service);
    if (counts === undefined) return NONE;
    return { ...counts, exits: (counts.exits ?? []).map((each) => ({ ...each })) };
  }

  #countsOf(service: string): Counts {
    const known = this.#counts.get(service);
    if (known !== undefined) return known;
    const counts: Counts = { starts: 0, restarts: 0, exits: null };
    this.#counts.set(service, counts);
    return counts;
  }
}

function noteExit(counts: Counts, exit: Exit): void {
  const [reason, status] = wordsOf(exit);
  counts.exits ??= [];
  const known = counts.exits.find((each) => each.reason === reason && each.status === status);
  if (known === undefined) counts.exits.push({ reason, status, count: 1 });
  else known.count++;
}

function wordsOf(exit: Exit): readonly [ExitCount["reason"], string] {
  switch (exit.tag) {
    case "code":
      return ["exit", String(exit.code)];
    case "signal":
      return ["signal", exit.signal];
    case "unknown":
      return ["unknown", ""];
  }
}
