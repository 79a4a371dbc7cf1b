/*
 * Waits for the pid file of a forking service. The file is believed only for a live process that belongs to the service:
 * it was handed to this supervisor as subreaper, and it is no other service's. (The end of any other process would not be
 * told, so that a service could be up for ever without a process.)
 */
import type { ServiceRecord } from "../core/service-record.ts";
import { millis } from "../core/units.ts";
import type { TimerPort } from "./ports.ts";

export interface PidFileWatchPorts {
  readonly timers: TimerPort;
  /** The number in the file, null if there is none; never blocks, whatever the path leads to. */
  pidIn(file: string): number | null;
  /** true if the process is alive, the service's own and no other's, and a child of this process. */
  mayBeMain(service: string, pid: number): boolean;
  named(service: string, pid: number): void;
}

interface Watched {
  readonly path: string;
  wait: number;
}

const FIRST_WAIT = 5;
const LONGEST_WAIT = 250;

export class PidFileWatch {
  readonly #ports: PidFileWatchPorts;
  readonly #watched = new Map<string, Watched>();

  constructor(ports: PidFileWatchPorts) {
    this.#ports = ports;
  }

  /** Watches as long as the service waits for its pid file. `previous`: null if it goes on from where a predecessor has left it. */
  changed({ definition: { name, pidFile }, state }: ServiceRecord, previous: ServiceRecord | null): void {
    if (state === previous?.state) return;
    if (state.tag === "naming" && pidFile !== null) this.watch(name, pidFile);
    else if (previous?.state.tag === "naming") this.unwatch(name);
  }

  /** Looks at once and then again and again, until `unwatch`. */
  watch(service: string, path: string): void {
    const watched: Watched = { path, wait: FIRST_WAIT };
    this.#watched.set(service, watched);
    this.#ports.timers.soon(() => this.#look(service, watched));
  }

  unwatch(service: string): void {
    this.#watched.delete(service);
  }

  #look(service: string, watched: Watched): void {
    if (this.#watched.get(service) !== watched) return;
    const pid = this.#ports.pidIn(watched.path);
    if (pid !== null && this.#ports.mayBeMain(service, pid)) {
      this.#watched.delete(service);
      this.#ports.named(service, pid);
      return;
    }
    this.#ports.timers.after(millis(watched.wait), () => this.#look(service, watched));
    watched.wait = Math.min(watched.wait * 2, LONGEST_WAIT);
  }
}
