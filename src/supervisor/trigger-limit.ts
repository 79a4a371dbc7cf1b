import { type Instant, type Millis, millis, spanBetween } from "../core/units.ts";

/** As systemd limits what a socket triggers. */
export const MOST_TRIGGERS = 20;
export const TRIGGER_SPAN: Millis = millis(2_000);

/** Counts how often something was triggered of late. */
export class TriggerLimit {
  #times: Instant[] = [];

  /** Notes one more; false if that makes too many. */
  note(now: Instant): boolean {
    this.#times = this.#times.filter((time) => spanBetween(time, now) < TRIGGER_SPAN);
    this.#times.push(now);
    return this.#times.length <= MOST_TRIGGERS;
  }
}
