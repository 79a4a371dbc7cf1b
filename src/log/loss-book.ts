import { ownerOf } from "../core/dropped-files.ts";
import { type LogLoss, lossWordsOf } from "../core/log-loss.ts";
import type { LossNews } from "./loss-tally.ts";

/** So long after the last line was lost it is still said that lines are, in milliseconds. */
const RECENT_MS = 10_000;

interface Counted extends LogLoss {
  /** When it grew last, in milliseconds on a monotonic clock. */
  readonly at: number;
}

/** What the sinks of services have not taken since the supervisor began. Nothing is kept of a service that has lost nothing. */
export class LossBook {
  readonly #losses = new Map<string, Map<string, Counted>>();
  readonly #now: () => number;

  /** `now`: milliseconds on a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note({ service: writer, sink, reason, lines }: LossNews): void {
    const service = ownerOf(writer);
    const known = this.#losses.get(service) ?? new Map<string, Counted>();
    this.#losses.set(service, known);
    const key = `${reason} ${sink}`;
    known.set(key, { sink, reason, lines: lines + (known.get(key)?.lines ?? 0), at: this.#now() });
  }

  of(service: string): readonly LogLoss[] {
    return [...(this.#losses.get(service)?.values() ?? [])].map(({ sink, reason, lines }) => ({ sink, reason, lines }));
  }

  /** That lines are being lost, in words for people; null: they are not, or only those that nobody wants. */
  troubleOf(service: string): string | null {
    const since = this.#now() - RECENT_MS;
    const recent = [...(this.#losses.get(service)?.values() ?? [])].filter(
      ({ at, reason }) => at > since && reason !== "rate",
    );
    return recent.length === 0 ? null : `log lines are lost: ${lossWordsOf(recent)}`;
  }

  forget(service: string): void {
    this.#losses.delete(service);
  }
}
