/* Logs that services write themselves: when they may be moved away, and how the services hear of it. */
import type { Fleet } from "../core/fleet.ts";
import { hasNoProcess } from "../core/service-state.ts";
import { millis } from "../core/units.ts";
import type { RotationListener } from "../log/rotation-listener.ts";
import type { Belongings } from "./belongings.ts";
import type { ClockPort, Report } from "./ports.ts";

export interface DirectRotationPorts {
  readonly fleet: Fleet;
  readonly belongings: Belongings;
  readonly clock: ClockPort;
  readonly report: Report;
}

/** A program that was executed just now may not handle its signal yet, and would be ended by it. */
const SETTLED = millis(5_000);

export class DirectRotations implements RotationListener {
  readonly #ports: DirectRotationPorts;

  constructor(ports: DirectRotationPorts) {
    this.#ports = ports;
  }

  due(service: string, rotate: () => void): void {
    if (this.#mayRotate(service)) rotate();
  }

  rotated(service: string): void {
    const { fleet, belongings, report } = this.#ports;
    const record = fleet.get(service);
    const signal = record?.definition.log.direct?.rotateSignal ?? null;
    if (signal === null || record?.state.tag !== "up" || !this.#mayRotate(service)) return;
    if (!belongings.signalMain(service, signal))
      report("warning", `${service}: cannot send ${signal}: it goes on writing to the log that was moved away`);
  }

  /** true: nobody writes to them, or it can be told of it. */
  #mayRotate(service: string): boolean {
    const { fleet, clock } = this.#ports;
    const state = fleet.get(service)?.state;
    if (state === undefined || hasNoProcess(state)) return true;
    return state.tag === "up" && clock.now() - state.startedAt >= SETTLED;
  }
}
