import { type Instant, spanBetween } from "../core/units.ts";

/** So many at once, and so many a second after that: of all services together, and of one. */
const OF_ALL = { burst: 100, perSecond: 50 };
const OF_ONE = { burst: 5, perSecond: 1 };

interface Bucket {
  left: number;
  at: Instant;
}

/**
 * How often the last lines of a run are asked for: to read them costs the thread that writes the logs some time, and a
 * thousand services that crash all the time must not keep it from its work.
 */
export class LineAllowance {
  readonly #ofOne = new Map<string, Bucket>();
  #ofAll: Bucket | null = null;

  /** true: they may be asked for, and count as asked for. */
  take(service: string, now: Instant): boolean {
    const all = (this.#ofAll ??= { left: OF_ALL.burst, at: now });
    const one = this.#ofOne.get(service) ?? { left: OF_ONE.burst, at: now };
    this.#ofOne.set(service, one);
    fill(all, OF_ALL, now);
    fill(one, OF_ONE, now);
    if (all.left < 1 || one.left < 1) return false;
    all.left--;
    one.left--;
    return true;
  }

  forget(service: string): void {
    this.#ofOne.delete(service);
  }
}

function fill(bucket: Bucket, { burst, perSecond }: typeof OF_ALL, now: Instant): void {
  bucket.left = Math.min(burst, bucket.left + (spanBetween(bucket.at, now) * perSecond) / 1000);
  bucket.at = now;
}
