/*
 * What has happened to services since the first supervisor began, in numbers that only grow. They are written down when a run
 * ends; that another one has begun since shows by itself.
 */
import type { Exit } from "../core/exit.ts";
import type { ExitCount } from "../core/metrics-view.ts";
import { type PlainData, memberIn, numberIn, textIn } from "../core/plain-data.ts";
import type { Annotate, Companion } from "./companion.ts";
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

/** The word under which they are written down. */
const COUNTS = "counts";

const NONE: RunCount = { starts: 0, restarts: 0, exits: [] };

export class RunCounts implements Companion {
  readonly #annotate: Annotate;
  readonly #counts = new Map<string, Counts>();

  constructor(annotate: Annotate) {
    this.#annotate = annotate;
  }

  adopted({ definition, beside, startedAt }: ServiceRecord): void {
    const written = beside[COUNTS];
    const hasBegun = startedAt !== null && startedAt !== numberIn(written, "startedAt");
    if (written === undefined && !hasBegun) return;
    const counts = this.#countsOf(definition.name);
    counts.starts = (numberIn(written, "starts") ?? 0) + Number(hasBegun);
    counts.restarts = numberIn(written, "restarts") ?? 0;
    counts.exits = readExits(memberIn(written, "exits"));
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const hasStarted = record.startedAt !== null && record.startedAt !== previous.startedAt;
    const restarts = Math.max(0, record.restarts - previous.restarts);
    const exit = record.lastExit !== previous.lastExit ? (record.lastExit?.exit ?? null) : null;
    if (!hasStarted && restarts === 0 && exit === null) return;
    const counts = this.#countsOf(record.definition.name);
    if (hasStarted) counts.starts++;
    counts.restarts += restarts;
    if (exit !== null) noteExit(counts, exit);
    if (exit === null && restarts === 0) return;
    const exits = (counts.exits ?? []).map(({ reason, status, count }) => ({ reason, status, count }));
    const { starts, restarts: all } = counts;
    this.#annotate(record.definition.name, COUNTS, { starts, restarts: all, exits, startedAt: record.startedAt });
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

function readExits(data: PlainData | undefined): Counts["exits"] {
  if (!Array.isArray(data)) return null;
  return (data as readonly PlainData[]).flatMap((each) => {
    const [reason, status, count] = [textIn(each, "reason"), textIn(each, "status"), numberIn(each, "count")];
    const known = (["exit", "signal", "unknown"] as const).find((one) => one === reason);
    return known === undefined || status === null || count === null ? [] : [{ reason: known, status, count }];
  });
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
