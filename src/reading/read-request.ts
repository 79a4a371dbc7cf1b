import type { LogPlace } from "../core/log-place.ts";
import type { FileMark, PlaneLine } from "../log/plane-messages.ts";
import type { LineWishes } from "./wanted-filter.ts";

/** What is to be read; plain data, so that another thread can do it. */
export interface ReadRequest {
  readonly services: readonly ServiceToRead[];
  /** The last lines of each service; null: all. */
  readonly count: number | null;
  readonly wishes: LineWishes;
}

export interface ServiceToRead {
  readonly name: string;
  readonly places: readonly LogPlace[];
  /** Nothing that is in a file after its mark is read. */
  readonly marks: readonly FileMark[];
  /** What is in no file, the oldest first. */
  readonly memory: readonly PlaneLine[];
  /** Microseconds since 1970, the first that counts and the first that does not any more; null: no bound. */
  readonly since: number | null;
  readonly until: number | null;
  /** The same for files alone: what comes later is in memory, more completely; null: no bound. */
  readonly filesUntil: number | null;
  /** One run alone; null: whichever. */
  readonly run: RunToRead | null;
}

/** A run of a service. Times are microseconds since 1970, null where there is or is known none. */
export interface RunToRead {
  readonly pid: number;
  readonly began: number;
  /** The run before it. */
  readonly endedBefore: number | null;
  readonly ended: number | null;
  /** The run after it. */
  readonly nextBegan: number | null;
}
