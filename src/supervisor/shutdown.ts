import type { Fleet } from "../core/fleet.ts";
import { isAtRest } from "../core/service-state.ts";
import { type Instant, type Millis, millis, spanBetween } from "../core/units.ts";
import type { Events } from "./events.ts";
import type { ClockPort, Report, TimerPort } from "./ports.ts";
import type { Requests } from "./requests.ts";

/** Before this, a second signal to end is taken for an echo of the first. */
const FORCE_AFTER = millis(2_000);
/** Beyond the limit, what only begins then (a hook after the stop) is given so much. */
const KILL_AGAIN = millis(500);

export interface ShutdownPorts {
  readonly fleet: Fleet;
  readonly requests: Requests;
  readonly events: Events;
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  /** How long an orderly end may take before everything left is killed; null: as long as each service may. */
  readonly stopTimeout: Millis | null;
  readonly report: Report;
  /** Writes down that the end begins, for a successor to go on with it should this process die in its midst. */
  noteEnd(code: number, reason: string): void;
  /** The end begins. */
  ending(): void;
  /** false while something else than a service has to end first. */
  mayEnd(): boolean;
  /** Kills the commands that are at work for services; a hook whose turn has only come now goes on. */
  killCommands(): void;
  /** Nothing of any service is left, or what is left cannot be killed. Called once. */
  ended(code: number): void;
}

/** The end of the supervisor: everything is stopped, and killed if that is asked for again. */
export class Shutdown {
  readonly #ports: ShutdownPorts;
  #begun: { readonly code: number } | null = null;
  #signalledAt: Instant | null = null;
  #isOver = false;

  constructor(ports: ShutdownPorts) {
    this.#ports = ports;
  }

  get hasBegun(): boolean {
    return this.#begun !== null;
  }

  /** It is to begin in a moment, by this process or by the next one. */
  intend(code: number, reason: string): void {
    if (!this.hasBegun) this.#ports.noteEnd(code, reason);
  }

  /** By a signal: the first one stops everything in order, another one 2 s or more after it kills what is left. */
  beginBySignal(signal: string): void {
    const now = this.#ports.clock.now();
    const first = this.#signalledAt;
    this.#signalledAt ??= now;
    if (first === null) this.begin(0, signal);
    else if (spanBetween(first, now) >= FORCE_AFTER) this.kill(signal);
  }

  /** Stops everything in order; nothing new if that has begun. */
  begin(code: number, reason: string): void {
    if (!this.#announce(code, reason)) return;
    this.#ports.report("notice", `shutting down: ${reason}`);
    this.#ports.fleet.stopAll();
  }

  /** Kills everything at once. */
  kill(reason: string): void {
    this.#announce(0, reason);
    this.#ports.report("warning", `killing everything: ${reason}`);
    this.#killAll();
  }

  /** false if it was announced before. */
  #announce(code: number, reason: string): boolean {
    if (this.#begun !== null) return false;
    this.intend(code, reason);
    this.#begun = { code };
    const { events, requests, ending } = this.#ports;
    ending();
    this.#limit();
    events.emit({ service: null, event: "shutdown", state: null, previous: null, pid: null, message: reason });
    for (const service of this.#services()) requests.overtake(service, "shutdown");
    return true;
  }

  #limit(): void {
    const { timers, stopTimeout } = this.#ports;
    if (stopTimeout === null) return;
    const killWhatIsLeft = (): void => {
      if (this.#isOver) return;
      this.#killAll();
      timers.after(KILL_AGAIN, killWhatIsLeft);
    };
    timers.after(stopTimeout, () => {
      if (this.#isOver) return;
      this.#ports.report("warning", `killing everything: not stopped within ${stopTimeout / 1000}s`);
      killWhatIsLeft();
    });
  }

  #killAll(): void {
    for (const service of this.#services()) this.#ports.fleet.kill(service);
    this.#ports.killCommands();
  }

  /** Looks whether it is over. */
  look(): void {
    if (this.#begun === null || this.#isOver) return;
    for (const { state } of this.#ports.fleet.records()) if (!isAtRest(state) && state.tag !== "stuck") return;
    if (!this.#ports.mayEnd()) return;
    this.#isOver = true;
    this.#ports.ended(this.#begun.code);
  }

  #services(): readonly string[] {
    return [...this.#ports.fleet.records()].map((record) => record.definition.name);
  }
}
