import type { Definition } from "../../src/core/definition.ts";
import type { PlainData } from "../../src/core/plain-data.ts";
import type { ServiceEvent } from "../../src/core/service-event.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import { FRESH_STREAK, type ServiceState } from "../../src/core/service-state.ts";
import type { Instant } from "../../src/core/units.ts";
import { Estate } from "../../src/daemon-estate.ts";
import type { Companion } from "../../src/supervisor/companion.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { LiteralTimers } from "./literal-timers.ts";

export const MAIN_PID = 201;

/** One service whose life a companion accompanies, in states that the test says; descriptors are numbers that it counts. */
export class LiteralLife {
  readonly timers = new LiteralTimers();
  /** What the fleet was told, tags with the rest of the event in words: "ready", "main-changed 202". */
  readonly told: string[] = [];
  /** As "info: web: ...". */
  readonly reports: string[] = [];
  readonly watched = new Map<number, () => void>();
  readonly open = new Set<number>();
  readonly companions: Companion[] = [];
  /** What the fleet does, within the call, when it is told something. */
  onTell: (() => void) | null = null;
  readonly estate: Estate;
  record: ServiceRecord;
  #lastFd: number;

  /** `predecessor`: whose supervisor is gone; what it had written down, and the descriptors that it held, are there. */
  constructor(changes: DefinitionChanges = {}, predecessor: LiteralLife | null = null) {
    const held = predecessor?.estate.manifest ?? new Map<string, number>();
    this.estate = new Estate(held);
    for (const fd of held.values()) this.open.add(fd);
    this.#lastFd = predecessor === null ? 10 : predecessor.#lastFd;
    this.timers.time = predecessor?.timers.time ?? 0;
    this.record = predecessor?.savedRecord() ?? newRecord(literalDefinition(changes), this.timers.wall());
  }

  /** As a file gives it back. */
  savedRecord(): ServiceRecord {
    return { ...this.record, beside: JSON.parse(JSON.stringify(this.record.beside)) as ServiceRecord["beside"] };
  }

  get definition(): Definition {
    return this.record.definition;
  }

  readonly tell = (service: string, event: ServiceEvent): void => {
    const { tag, ...rest } = event;
    this.told.push([service, tag, ...Object.values(rest)].join(" "));
    this.onTell?.();
  };

  readonly report = (severity: string, message: string): void => void this.reports.push(`${severity}: ${message}`);

  readonly amend = (_service: string, change: Partial<ServiceRecord>): void => this.change(change);

  readonly annotate = (_service: string, word: string, data: PlainData): void => {
    const { [word]: _known, ...others } = this.record.beside;
    this.record = { ...this.record, beside: data === null ? others : { ...others, [word]: data } };
  };

  readonly closeFd = (fd: number): void => {
    if (!this.open.delete(fd)) throw new Error(`descriptor ${fd} is closed twice`);
  };

  readonly output = {
    watch: (fd: number, ready: () => void): void => {
      if (!this.open.has(fd)) throw new Error(`descriptor ${fd} is not open`);
      this.watched.set(fd, ready);
    },
    unwatch: (fd: number): void => void this.watched.delete(fd),
  };

  /** What companions get of it. */
  get ports() {
    const { timers, tell, report, amend, annotate, closeFd, output, estate } = this;
    return { estate, timers, clock: timers, tell, report, amend, annotate, closeFd, output, record: () => this.record };
  }

  openFd(): number {
    this.open.add(++this.#lastFd);
    return this.#lastFd;
  }

  /** The descriptor can be read: who watches it is told, once. */
  readable(fd: number): void {
    const ready = this.watched.get(fd);
    this.watched.delete(fd);
    ready?.();
  }

  change(change: Partial<ServiceRecord>): void {
    const previous = this.record;
    this.record = { ...previous, ...change };
    for (const companion of this.companions) companion.changed(this.record, previous);
  }

  enter(state: ServiceState): void {
    this.change({ state, startedAt: this.timers.now() });
  }

  up(pid = MAIN_PID): void {
    this.enter({ tag: "up", pid, streak: FRESH_STREAK, startedAt: this.timers.now(), relayedAt: null });
  }

  starting(phase: "work" | "fork" | "ready" | "hook" = "ready", pid = MAIN_PID): void {
    const startedAt = this.timers.now();
    this.enter({ tag: "starting", phase, pid, streak: FRESH_STREAK, startedAt, readyBy: null });
  }

  execing(): void {
    const now = this.timers.now();
    this.enter({ tag: "execing", pid: MAIN_PID, streak: FRESH_STREAK, startedAt: now, killAt: now });
  }

  stopping(): void {
    const { startedAt } = this.record;
    this.change({
      state: {
        tag: "stopping",
        pid: MAIN_PID,
        streak: FRESH_STREAK,
        startedAt: startedAt ?? (0 as Instant),
        scope: "group",
        force: "asked",
        until: this.timers.now(),
        afterwards: { tag: "rest" },
      },
    });
  }

  backoff(): void {
    this.enter({ tag: "backoff", streak: FRESH_STREAK, retryAt: this.timers.now(), reason: "exited 1" });
  }

  down(): void {
    this.enter({ tag: "down", why: "stopped" });
  }
}
