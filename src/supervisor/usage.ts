/*
 * What services use of the machine. Nothing is measured unless somebody asks; what was measured a moment ago is given again,
 * so that many who ask cost no more than one.
 */
import type { ServiceRecord } from "../core/service-record.ts";
import type { Instant } from "../core/units.ts";
import type { UsageView } from "../core/usage-view.ts";
import type { ClockPort, ProcessRow } from "./ports.ts";

/** What one process uses: processor time since its start, with that of the children that it has waited for. */
export interface ProcessUsage {
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

export interface UsagePorts {
  readonly clock: Pick<ClockPort, "now">;
  /** What belongs to the service and is alive. */
  processesOf(service: string): readonly ProcessRow[];
  /** Names a run of the service; null: nothing of it runs. */
  invocationOf(service: string): string | null;
  /** In the order of the numbers; null for one that is gone. */
  read(pids: readonly number[]): readonly (ProcessUsage | null)[];
}

/** What was measured of a service, and since when. */
interface Sample {
  readonly invocation: string;
  readonly at: Instant;
  readonly cpuMs: number;
  readonly view: UsageView;
}

/** A measurement is good for so long, in milliseconds: processor time is counted in steps of ten. */
const GOOD_FOR_MS = 500;
/** An older one says nothing of the present any more. */
const FORGOTTEN_AFTER_MS = 600_000;

export class Usages {
  readonly #ports: UsagePorts;
  readonly #samples = new Map<string, Sample>();

  constructor(ports: UsagePorts) {
    this.#ports = ports;
  }

  /** null: nothing of it runs. */
  of(record: ServiceRecord): UsageView | null {
    const { name } = record.definition;
    const invocation = this.#ports.invocationOf(name);
    if (invocation === null) {
      this.#samples.delete(name);
      return null;
    }
    const now = this.#ports.clock.now();
    const before = this.#samples.get(name);
    const isSameRun = before?.invocation === invocation;
    if (before !== undefined && isSameRun && now - before.at < GOOD_FOR_MS) return before.view;
    const used = this.#ports.read(this.#ports.processesOf(name).map(({ pid }) => pid)).filter((each) => each !== null);
    if (used.length === 0) return null;
    const cpuMs = used.reduce((sum, each) => sum + each.cpuMs, 0);
    const isFresh = before !== undefined && isSameRun && now - before.at < FORGOTTEN_AFTER_MS;
    const from = isFresh ? before : { at: record.startedAt ?? now, cpuMs: 0 };
    const over = Math.max(1, now - from.at);
    const view: UsageView = {
      name,
      processes: used.length,
      cpu_ms: cpuMs,
      // A child that nobody of the service has waited for takes its time along.
      cpu_percent: Math.round((Math.max(0, cpuMs - from.cpuMs) / over) * 1000) / 10,
      cpu_over_ms: Math.round(over),
      memory_bytes: used.reduce((sum, each) => sum + each.memoryBytes, 0),
    };
    this.#samples.set(name, { invocation, at: now, cpuMs, view });
    return view;
  }

  /** What was measured of all others is forgotten: there are no such services any more. */
  keepOnly(isThere: (service: string) => boolean): void {
    for (const service of this.#samples.keys()) if (!isThere(service)) this.#samples.delete(service);
  }
}
