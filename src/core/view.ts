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

/** What an operator sees of a service. */
export function viewOf(record: ServiceRecord, clocks: Clocks, lastCheck: LastCheck | null = null): ServiceView {
  const { definition, state } = record;
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
    stale: record.stale || record.next !== null,
    message: messageOf(record),
  };
}

function nextStartOf({ state, dueAt }: ServiceRecord, clocks: Clocks): string | null {
  if (state.tag === "backoff") return isoOf(wallOf(state.retryAt, clocks));
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
