import type { HookName } from "../../src/core/life-policies.ts";
import type { LifeEvent } from "../../src/core/service-event.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import type { RandomDraw } from "./random-draw.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Hooks that are at work on a simulated machine: each ends by itself or is killed, later; a dropped one tells nothing. */
export class FakeHooks {
  readonly #time: VirtualTime;
  readonly #draw: RandomDraw;
  readonly #tell: (service: string, event: LifeEvent) => void;
  /** Kills the hook that is at work for a service, or drops it (null). */
  readonly #atWork = new Map<string, (after: 0 | null) => void>();

  constructor(time: VirtualTime, draw: RandomDraw, tell: (service: string, event: LifeEvent) => void) {
    this.#time = time;
    this.#draw = draw;
    this.#tell = tell;
  }

  isAtWorkFor(service: string): boolean {
    return this.#atWork.has(service);
  }

  run(service: string, hook: HookName): void {
    let isOver = false;
    const end = (failure: string | null): void => {
      if (isOver) return;
      isOver = true;
      this.#atWork.delete(service);
      this.#tell(service, { tag: "hook-ended", hook, failure });
    };
    this.#atWork.set(service, (after) => {
      if (after === null) isOver = true;
      else this.#time.after(this.#draw.below(40), () => end("killed by SIGKILL"));
    });
    const failure = this.#draw.happens(0.3) ? "exited 1" : null;
    this.#time.after(this.#draw.pick([0, 1, 50, 3_000, 60_000]), () => end(failure));
  }

  kill(service: string): void {
    this.#atWork.get(service)?.(0);
  }

  drop(service: string): void {
    this.#atWork.get(service)?.(null);
  }
}

/** Which hook is at work in this state. */
export function hookOf(state: ServiceState): HookName | null {
  if (state.tag === "preparing" && state.doing === "hook") return "before_start";
  if (state.tag === "starting" && state.phase === "hook") return "after_start";
  if (state.tag === "leaving") return "before_stop";
  return state.tag === "cleaning" ? "after_stop" : null;
}
