import type { Exit } from "./exit.ts";
import { type ServiceRecord, messageOf, pidOf } from "./service-record.ts";
import { PUBLIC_STATE_OF, isReady } from "./service-state.ts";
import type { LastExitView, ServiceView } from "./service-view.ts";
import type { Instant, WallTime } from "./units.ts";

/** One moment on both clocks, to show deadlines (monotonic) as times of day. */
export interface Clocks {
  readonly now: Instant;
  readonly wall: WallTime;
}

/** What the last check of a service's health has found. */
export interface LastCheck {
  readonly detail: string;
  readonly output: string;
}

/** What is known of a service beside its record. */
export interface Findings {
  /** null: there was none. */
  readonly lastCheck: LastCheck | null;
  /** true: the files that it was made from are not any more what they were when they were read. */
  readonly isChangedOnDisk: boolean;
  /** What is wrong with something around it; null: nothing. */
  readonly trouble: string | null;
}

const NO_FINDINGS: Findings = { lastCheck: null, isChangedOnDisk: false, trouble: null };

/** What an operator sees of a service. */
export function viewOf(record: ServiceRecord, clocks: Clocks, findings: Findings = NO_FINDINGS): ServiceView {
  const { definition, state } = record;
  const { lastCheck } = findings;
  const staleDetail = staleDetailOf(record, findings);
  return {
    name: definition.name,
    description: definition.description,
    type: definition.type,
    state: PUBLIC_STATE_OF[state.tag],
    want: record.want,
    ready: isReady(state) && !record.reloading,
    pid: pidOf(record),
    since: isoOf(record.since),
    uptime_ms: record.startedAt === null ? null : Math.max(0, Math.round(clocks.now - record.startedAt)),
    restarts: record.restarts,
    last_exit: record.lastExit === null ? null : lastExitOf(record.lastExit),
    next_start: nextStartOf(record, clocks),
    status: record.status,
    health: record.health,
    health_detail: lastCheck?.detail ?? null,
    health_output: lastCheck === null || lastCheck.output === "" ? null : lastCheck.output,
    stale: staleDetail !== null,
    stale_detail: staleDetail,
    well: isWell(record),
    message: messageOf(record) ?? (record.reloading ? "reads its configuration again" : findings.trouble),
  };
}

function staleDetailOf(record: ServiceRecord, { isChangedOnDisk }: Findings): string | null {
  if (isChangedOnDisk) return "its files have changed since they were read, reload reads them again";
  if (record.next !== null) return "it runs with its earlier definition until it ends";
  return record.stale ? "its definition has changed since it was started" : null;
}

/** true: nothing has to be done about it. */
export function isWell({ state }: ServiceRecord): boolean {
  // Otherwise the reason is that its last run has failed.
  if (state.tag === "waiting") return state.on !== "others" && state.reason === "";
  if (state.tag === "down") return state.why === "condition";
  return isReady(state);
}

function nextStartOf({ state, dueAt }: ServiceRecord, clocks: Clocks): string | null {
  if (state.tag === "backoff") return isoOf(wallOf(state.retryAt, clocks));
  // It is due already, and held back: the time after that is not when it starts next.
  if (state.tag === "waiting" && state.on === "others") return null;
  return dueAt === null ? null : isoOf(dueAt);
}

function lastExitOf(last: { at: WallTime; exit: Exit; reason: string }): LastExitView {
  return {
    at: isoOf(last.at),
    code: last.exit.tag === "code" ? last.exit.code : null,
    signal: last.exit.tag === "signal" ? last.exit.signal : null,
    reason: last.reason,
  };
}

function wallOf(instant: Instant, clocks: Clocks): WallTime {
  return (clocks.wall + (instant - clocks.now)) as WallTime;
}

/** ISO 8601, UTC, milliseconds. */
export function isoOf(time: WallTime): string {
  return new Date(time).toISOString();
}
