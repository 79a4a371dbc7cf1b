import type { PlaneLane } from "./plane-lane.ts";

/** Workers beyond this many are not made: the file systems that come last share one. */
const MOST_LANES = 16;
const LAST_LANE = "others";

/** The lanes by name, and which of them a service is with; "" is the one that there is always. */
export class PlaneLanes {
  readonly #make: (name: string) => PlaneLane;
  readonly #lanes = new Map<string, PlaneLane>();
  /** Of services that are not with the lane that there is always. */
  readonly #names = new Map<string, string>();

  constructor(make: (name: string) => PlaneLane) {
    this.#make = make;
  }

  get all(): readonly PlaneLane[] {
    return [...this.#lanes.values()];
  }

  lane(wanted: string): PlaneLane {
    const name = this.#lanes.has(wanted) || this.#lanes.size < MOST_LANES ? wanted : LAST_LANE;
    const lane = this.#lanes.get(name) ?? this.#make(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  of(service: string): PlaneLane {
    return this.lane(this.nameOf(service));
  }

  /** The name of the lane that the service is with. */
  nameOf(service: string): string {
    return this.#names.get(service) ?? "";
  }

  /**
   * Which lane a service is with from now on. One that has pipes elsewhere comes over when `release` has freed them, which
   * takes as long as the old lane takes to answer. true: it is another lane, which has to be told what becomes of its output.
   */
  place(service: string, name: string, release: (old: PlaneLane) => Promise<unknown>): boolean {
    const old = this.of(service);
    const lane = this.lane(name);
    if (old === lane) return false;
    if (name === "") this.#names.delete(service);
    else this.#names.set(service, name);
    const goOn = (): void => {
      for (const message of old.state.take(service)) if (message.tag !== "configure") lane.tell(message);
    };
    if (old.state.hasPipesOf(service)) {
      void release(old).then(goOn);
      return true;
    }
    old.post({ tag: "forget", service });
    goOn();
    return true;
  }
}
