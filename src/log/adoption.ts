import type { AdoptedRun, OutputPipes } from "./output-pipes.ts";
import type { PlaneLane } from "./plane-lane.ts";
import type { PlaneLanes } from "./plane-lanes.ts";

export interface AdoptionPorts {
  /** true: it is known what becomes of the output of the service. */
  knows(service: string): boolean;
  /** Has the lane of the service read these pipes. */
  open(run: AdoptedRun): void;
  /** Done when the lane has done what it has to do first. */
  reached(lane: PlaneLane): Promise<unknown>;
  /** Nobody knows where the lines of this service are to go. */
  lost(service: string): void;
}

/** Goes on with the pipes that a dead predecessor was reading. */
export class Adoption {
  readonly #pipes: OutputPipes;
  readonly #lanes: PlaneLanes;
  /** Lanes of the predecessor that first have to bring to its end what it had begun with a pipe of this service. */
  readonly #settling = new Map<string, PlaneLane>();

  /** `unsettled`: lanes of the predecessor that were in the middle of something, and the place of the pipe that it was about. */
  constructor(
    pipes: OutputPipes,
    lanes: PlaneLanes,
    unsettled: readonly { readonly lane: string; readonly slot: number }[],
  ) {
    this.#pipes = pipes;
    this.#lanes = lanes;
    for (const { lane, slot } of unsettled) {
      // What its Worker does first concerns files, whoever has the pipe.
      const settling = lanes.lane(lane);
      const service = pipes.serviceOf(slot);
      if (service !== null) this.#settling.set(service, settling);
    }
  }

  /** Reads on, once. What belongs to no service any more is let go of. */
  resume(ports: AdoptionPorts): void {
    for (const run of this.#pipes.adopted) {
      const { service } = run;
      const settling = this.#settling.get(service) ?? null;
      if (!ports.knows(service)) {
        for (const { fd } of run.pipes) this.#pipes.close(fd);
        ports.lost(service);
      } else if (settling === null || settling === this.#lanes.of(service)) ports.open(run);
      else void ports.reached(settling).then(() => ports.open(run));
    }
    this.#settling.clear();
  }
}
