import type { SchedulePolicy } from "../../src/core/life-policies.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { type WallTime, millis } from "../../src/core/units.ts";
import type { RememberedRun } from "../../src/supervisor/schedule-memory.ts";
import { Schedules } from "../../src/supervisor/schedules.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES, WORKING } from "../core/literal-states.ts";
import { LiteralClocks } from "./literal-clocks.ts";

export const DAILY: SchedulePolicy = {
  cron: "0 3 * * *",
  every: null,
  timezone: "UTC",
  jitter: millis(0),
  catchUp: false,
  overlap: "skip",
};
export const HOURLY: SchedulePolicy = { ...DAILY, cron: "0 * * * *" };
export const EVERY_HOUR: SchedulePolicy = { ...DAILY, cron: null, every: millis(3_600_000) };
export const DAY = 24 * 60;

export const WAITING: ServiceState = { ...STATES.waiting, on: "schedule" };
export const AT_WORK: ServiceState = WORKING;
const DOWN: ServiceState = { tag: "down", why: "stopped" };

interface WorldChanges {
  readonly start?: string;
  readonly memory?: Map<string, RememberedRun>;
  readonly chance?: number | (() => number);
}

/** Schedules and the clocks by which they go. A service that is told runs at once, and has ended when `end` is called. */
export function scheduledWorld({ start = "2026-05-10T12:00", memory = new Map(), chance = 0 }: WorldChanges = {}) {
  const clocks = new LiteralClocks(start);
  const records = new Map<string, ServiceRecord>();
  const told: string[] = [];
  const reports: string[] = [];
  const shown = new Map<string, string | null>();
  const saves: ReadonlyMap<string, RememberedRun>[] = [];
  const schedules = new Schedules({
    clock: clocks,
    timers: clocks,
    report: (severity, message) => void reports.push(`${severity}: ${message}`),
    tell(service, event) {
      told.push(`${service} ${event.tag} ${clocks.shown}`);
      become(service, { state: AT_WORK });
    },
    memory: {
      load: () => new Map(memory),
      save(runs) {
        memory = new Map(runs);
        saves.push(memory);
        return null;
      },
    },
    annotate(service, word, data) {
      const record = records.get(service);
      if (record !== undefined) records.set(service, { ...record, beside: data === null ? {} : { [word]: data } });
    },
    amend(service, { dueAt }) {
      shown.set(service, dueAt === null ? null : isoOf(dueAt));
      const record = records.get(service);
      if (record !== undefined) records.set(service, { ...record, dueAt });
    },
    chance: typeof chance === "number" ? () => chance : chance,
    zone: () => "UTC",
    onClockSet: (changed) => clocks.onClockSet(changed),
  });
  function become(service: string, change: Partial<ServiceRecord>): void {
    const previous = records.get(service) ?? newRecord(literalDefinition({ name: service }), clocks.wall());
    const record = { ...previous, ...change };
    records.set(service, record);
    schedules.changed(record);
  }
  return {
    clocks,
    told,
    reports,
    shown,
    saves,
    schedules,
    become,
    memory: () => memory,
    records,
    adopt(record: ServiceRecord): void {
      records.set(record.definition.name, record);
      schedules.adopted(record);
      clocks.turns();
    },
    /** It is to run by its schedule from now on. */
    enable(service: string, schedule: SchedulePolicy): void {
      const definition = literalDefinition({ name: service, type: "oneshot", schedule });
      become(service, { definition, want: "up", state: WAITING });
      clocks.turns();
    },
    end(service: string): void {
      become(service, { state: WAITING });
      clocks.turns();
    },
    disable(service: string): void {
      become(service, { want: "down", state: DOWN });
      clocks.turns();
    },
  };
}

function isoOf(time: WallTime): string {
  return new Date(time).toISOString().slice(5, 16);
}

export function remembered(at: string, schedule: SchedulePolicy): Map<string, RememberedRun> {
  const rule = schedule.cron === null ? `every ${schedule.every}ms` : `${schedule.cron} UTC`;
  return new Map([["job", { at: Date.parse(`2026-${at}:00Z`) as WallTime, rule }]]);
}
