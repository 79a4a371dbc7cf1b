/* Tells the log and the event stream what became of each service. */
import { messageOf, pidOf, type ServiceRecord } from "../core/service-record.ts";
import { PUBLIC_STATE_OF } from "../core/service-state.ts";
import type { PublicState } from "../core/service-view.ts";
import type { SyslogSeverity } from "../core/log-policy.ts";
import { type Instant, spanBetween } from "../core/units.ts";
import type { Events } from "./events.ts";
import type { Report } from "./ports.ts";

const SEVERITY_OF: Readonly<Record<PublicState, SyslogSeverity>> = {
  down: "notice",
  waiting: "info",
  starting: "debug",
  up: "notice",
  stopping: "info",
  backoff: "warning",
  done: "notice",
  failed: "err",
};

export class Narrator {
  readonly #events: Events;
  readonly #report: Report;
  readonly #now: () => Instant;

  constructor(events: Events, report: Report, now: () => Instant) {
    this.#events = events;
    this.#report = report;
    this.#now = now;
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    if (record.lastExit !== null && record.lastExit !== previous.lastExit) this.#tellExit(record, previous);
    const [state, before] = [PUBLIC_STATE_OF[record.state.tag], PUBLIC_STATE_OF[previous.state.tag]];
    if (state !== before) this.#tellState(record, state, before);
  }

  forgotten(record: ServiceRecord): void {
    const service = record.definition.name;
    this.#report("notice", `${service}: removed`);
    this.#events.emit({ service, event: "removed", state: null, previous: null, pid: null, message: null });
  }

  /** A process that came out of a service of which it cannot be told which one: nothing is killed on a guess. */
  unattributed(pid: number, name: string): void {
    const message = `left running: pid ${pid} (${name}) came out of a service, but it cannot be told out of which`;
    this.#report("warning", message);
    this.#events.emit({ service: null, event: "left", state: null, previous: null, pid, message });
  }

  #tellExit(record: ServiceRecord, previous: ServiceRecord): void {
    const service = record.definition.name;
    const pid = pidOf(previous);
    this.#report("info", `${service}: pid ${pid ?? "?"} ${record.lastExit?.reason ?? ""}`);
    this.#events.emit({
      service,
      event: "exit",
      state: null,
      previous: null,
      pid,
      message: record.lastExit?.reason ?? null,
    });
  }

  #tellState(record: ServiceRecord, state: PublicState, previous: PublicState): void {
    const service = record.definition.name;
    const [pid, message] = [pidOf(record), messageOf(record)];
    const wait = record.state.tag === "backoff" ? spanBetween(this.#now(), record.state.retryAt) : null;
    const next =
      wait === null
        ? null
        : `next start in ${wait >= 1000 ? `${Math.round(wait / 100) / 10}s` : `${Math.max(0, Math.round(wait))}ms`}`;
    const details = [pid === null ? null : `pid ${pid}`, message, next].filter((detail) => detail !== null);
    this.#report(SEVERITY_OF[state], `${service}: ${state}${details.length === 0 ? "" : ` (${details.join("; ")})`}`);
    this.#events.emit({ service, event: "state", state, previous, pid, message });
  }
}
