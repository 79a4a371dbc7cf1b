import { ownerOf } from "../core/dropped-files.ts";

/** A sink fails or works again, or the Worker does; in words for the log. */
export interface PlaneProblem {
  /** null: it concerns the supervisor itself. */
  readonly service: string | null;
  readonly message: string;
  readonly recovered: boolean;
}

/** A predecessor has left output of a service that nobody knows any more, or for a file to which it does not log any more. */
export function unownedOf(service: string): PlaneProblem {
  const message = `cannot go on with output of "${ownerOf(service)}": it is not known any more where that goes`;
  return { service: null, message, recovered: false };
}
