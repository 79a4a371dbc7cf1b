import type { WatchPolicy } from "../../src/core/life-policies.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { millis } from "../../src/core/units.ts";
import { type FileNews, Watches } from "../../src/supervisor/watches.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES, type StateTag } from "../core/literal-states.ts";
import { LiteralTimers } from "./literal-timers.ts";

export const POLICY: WatchPolicy = { paths: ["/srv/app"], debounce: millis(300), action: "restart" };
export const READYING: ServiceState = { ...STATES.starting, phase: "ready" };

/** Services that watch, and files that change when the test says so. */
export function watchedWorld(refusal: string | null = null) {
  const timers = new LiteralTimers();
  const records = new Map<string, ServiceRecord>();
  const watched = new Map<string, readonly string[]>();
  const acted: string[] = [];
  const reports: string[] = [];
  const pending: FileNews[] = [];
  let ready: (() => void) | null = null;
  let isClosed = false;
  let busyFor = 0;
  const watches = new Watches({
    clock: timers,
    timers,
    annotate(service, word, data) {
      const record = records.get(service);
      if (record !== undefined) records.set(service, { ...record, beside: data === null ? {} : { [word]: data } });
    },
    report: (severity, message) => void reports.push(`${severity}: ${message}`),
    output: { watch: (_fd, listen) => (ready = listen), unwatch: () => (ready = null) },
    openFiles() {
      if (refusal !== null) return refusal;
      return {
        fd: 9,
        watch: (owner, paths) => (paths.length === 0 ? watched.delete(owner) : watched.set(owner, paths)),
        take() {
          busyFor = Math.max(0, busyFor - 1);
          return pending.splice(0);
        },
        get isBusy() {
          return busyFor > 0;
        },
        close: () => void (isClosed = true),
      };
    },
    restart: (service) => void acted.push(`restart ${service}`),
    reload: (service) => void acted.push(`reload ${service}`),
  });
  function become(service: string, change: Partial<ServiceRecord>): void {
    const previous = records.get(service) ?? newRecord(literalDefinition({ name: service }), timers.wall());
    const record = { ...previous, ...change };
    records.set(service, record);
    watches.changed(record, previous);
    timers.turns();
  }
  return {
    timers,
    records,
    watched,
    acted,
    reports,
    watches,
    become,
    isClosed: () => isClosed,
    isBusy: () => busyFor > 0,
    /** So many turns are needed until all is watched. */
    beBusy: (turns: number) => (busyFor = turns),
    /** A service that watches and is up. */
    up(policy: Partial<WatchPolicy> = {}, service = "web"): void {
      const definition = literalDefinition({ name: service, watch: { ...POLICY, ...policy } });
      become(service, { definition, want: "up", state: READYING });
      become(service, { state: STATES.up });
    },
    state: (tag: StateTag) => become("web", { state: STATES[tag] }),
    starting: () => become("web", { state: READYING }),
    /** Files change, and nobody has been told yet. */
    changeUnseen(...paths: readonly string[]): void {
      pending.push(...paths.map((path): FileNews => ({ tag: "changed", owner: "web", path })));
    },
    change(...paths: readonly string[]): void {
      this.changeUnseen(...paths);
      const listen = ready;
      ready = null;
      listen?.();
    },
    fail(message: string): void {
      pending.push({ tag: "unseen", owner: "web", message });
    },
    /** The silence is over. */
    silence(): void {
      while (timers.fire()) timers.turns();
    },
  };
}
