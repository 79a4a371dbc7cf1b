import type { DirectKernel } from "./direct-files.ts";
import type { FromPlane } from "./plane-messages.ts";
import type { SinkSetPorts } from "./service-sinks.ts";
import { SharedFiles, type SharedFilesPorts } from "./shared-files.ts";
import { WriteWatches } from "./write-watches.ts";

export interface PlaneDirectPorts extends Omit<SharedFilesPorts, "files"> {
  /** Time is in microseconds since 1970. */
  readonly machine: { readonly direct: DirectKernel; now(): number };
  /** `ready` is to be called whenever the descriptor is readable. */
  watch(fd: number): void;
  say(message: FromPlane): void;
}

/** What all services of a thread that write their files themselves have in common. */
export class PlaneDirect {
  readonly #ports: PlaneDirectPorts;
  /** Their files, for what others than the services write to them. */
  readonly #foreign: SharedFiles;
  readonly #writes: WriteWatches;

  constructor(ports: PlaneDirectPorts) {
    this.#ports = ports;
    this.#foreign = new SharedFiles({ ...ports, files: ports.machine.direct.files });
    this.#writes = new WriteWatches(
      () => ports.machine.direct.openNotices(),
      (fd) => ports.watch(fd),
    );
  }

  /** What the log of a service needs. */
  portsFor(service: string): Pick<SinkSetPorts, "foreign" | "direct"> {
    const { machine, say, compressSoon } = this.#ports;
    const direct = {
      files: machine.direct.files,
      direct: machine.direct.logs,
      writes: this.#writes,
      now: () => machine.now(),
      compressSoon,
      askRotation: () => say({ tag: "rotation-due", service }),
      rotated: () => say({ tag: "rotated", service }),
    };
    return { foreign: this.#foreign, direct };
  }

  /** Some of them were written to. */
  ready(): void {
    this.#writes.ready();
  }
}
