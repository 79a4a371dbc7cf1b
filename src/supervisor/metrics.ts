/*
 * What is counted and measured, for those who draw curves of it. To read the processes of a thousand services takes longer than
 * anything may hold the loop, so it is done in slices; and whoever asks within a second is told the same again.
 */
import type { LogLoss } from "../core/log-loss.ts";
import type { MetricsView, RunMetrics, ServiceMetrics, SupervisorMetrics } from "../core/metrics-view.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { isReady, PUBLIC_STATE_OF } from "../core/service-state.ts";
import type { Instant, WallTime } from "../core/units.ts";
import { isWell } from "../core/view.ts";
import type { RunCounts } from "./run-counts.ts";
import type { ProcessUsage } from "./usage.ts";

export interface MetricsPorts {
  readonly clock: { now(): Instant; wall(): WallTime };
  readonly counts: Pick<RunCounts, "of">;
  records(): Iterable<ServiceRecord>;
  /** null: there is none any more. */
  record(service: string): ServiceRecord | null;
  /** Lines of it that its sinks have not taken. */
  lossesOf(service: string): readonly LogLoss[];
  /** Its main process, and its processes that have lost their parents. */
  rootsOf(service: string): readonly number[];
  /** null: the process is gone, or they cannot be told. */
  childrenOf(pid: number): readonly number[] | null;
  /** Names a run of the service; null: nothing of it runs. */
  invocationOf(service: string): string | null;
  /** In the order of the numbers; null for one that is gone. */
  usages(pids: readonly number[]): readonly (ProcessUsage | null)[];
  /** How many descriptors a process has open; null: it may not be read. */
  descriptorsOf(pid: number): number | null;
  /** What can be told of the supervisor without asking anybody. */
  own(): Omit<SupervisorMetrics, "loopLagSeconds">;
  /** Calls back in a later turn of the loop. */
  soon(run: () => void): void;
}

/** A measurement is good for so long, in milliseconds. */
const GOOD_FOR_MS = 1_000;
/** How many services are looked at in one turn of the loop, and how many processes of each at most. */
const SLICE = 16;
const MOST_PROCESSES = 256;

/** What was told of a run before. */
interface Told {
  readonly invocation: string;
  readonly startTime: number;
  readonly cpuSeconds: number;
}

export class Metrics {
  readonly #ports: MetricsPorts;
  #told = new Map<string, Told>();
  #last: { readonly at: Instant; readonly view: Promise<MetricsView> } | null = null;

  constructor(ports: MetricsPorts) {
    this.#ports = ports;
  }

  /** Those who ask while it is measured share what comes of it. */
  view(): Promise<MetricsView> {
    const now = this.#ports.clock.now();
    if (this.#last !== null && now - this.#last.at < GOOD_FOR_MS) return this.#last.view;
    const view = this.#measure();
    this.#last = { at: now, view };
    return view;
  }

  async #measure(): Promise<MetricsView> {
    const names = [...this.#ports.records()].map(({ definition }) => definition.name).sort();
    const services: ServiceMetrics[] = [];
    const told = new Map<string, Told>();
    let lag = await this.#turn();
    for (const [index, name] of names.entries()) {
      if (index % SLICE === SLICE - 1) lag = Math.max(lag, await this.#turn());
      const record = this.#ports.record(name);
      if (record !== null) services.push(this.#serviceOf(record, told));
    }
    this.#told = told;
    return { supervisor: { ...this.#ports.own(), loopLagSeconds: lag / 1000 }, services };
  }

  /** Lets everything else go first; how long that took, in milliseconds. */
  async #turn(): Promise<number> {
    const { clock } = this.#ports;
    const before = clock.now();
    await new Promise<void>((resolve) => this.#ports.soon(resolve));
    return clock.now() - before;
  }

  #serviceOf(record: ServiceRecord, told: Map<string, Told>): ServiceMetrics {
    const { name } = record.definition;
    const { starts, restarts, exits } = this.#ports.counts.of(name);
    return {
      name,
      state: PUBLIC_STATE_OF[record.state.tag],
      isWanted: record.want === "up",
      isWell: isWell(record),
      isReady: isReady(record.state) && !record.reloading,
      isHealthy: record.health === null || record.health === "starting" ? null : record.health === "healthy",
      starts,
      restarts,
      exits,
      logLosses: this.#ports.lossesOf(name),
      run: this.#runOf(record, told),
    };
  }

  #runOf(record: ServiceRecord, told: Map<string, Told>): RunMetrics | null {
    const { clock, invocationOf, usages, descriptorsOf } = this.#ports;
    const { name } = record.definition;
    const invocation = invocationOf(name);
    if (invocation === null || record.startedAt === null) return null;
    const pids = this.#pidsOf(name);
    const used = usages(pids).filter((each) => each !== null);
    if (used.length === 0) return null;
    const known = this.#told.get(name);
    const before = known?.invocation === invocation ? known : null;
    const cpuSeconds = used.reduce((sum, each) => sum + each.cpuMs, 0) / 1000;
    const next = {
      invocation,
      startTime: before?.startTime ?? (clock.wall() - (clock.now() - record.startedAt)) / 1000,
      // A child that nobody of the service has waited for takes its time along; a counter does not go back.
      cpuSeconds: Math.max(before?.cpuSeconds ?? 0, cpuSeconds),
    };
    told.set(name, next);
    return {
      startTime: next.startTime,
      cpuSeconds: next.cpuSeconds,
      residentBytes: used.reduce((sum, each) => sum + each.memoryBytes, 0),
      processes: used.length,
      descriptors: sumOf(pids.map(descriptorsOf)),
    };
  }

  /** Good enough for curves: what comes and goes while this looks may be missed. */
  #pidsOf(service: string): readonly number[] {
    const found = new Set(this.#ports.rootsOf(service));
    for (const pid of found) {
      if (found.size >= MOST_PROCESSES) break;
      for (const child of this.#ports.childrenOf(pid) ?? []) found.add(child);
    }
    return [...found];
  }
}

/** null if nothing is known. */
function sumOf(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}
