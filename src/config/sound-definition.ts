import type { Definition } from "../core/definition.ts";
import type { Fault } from "./fault.ts";
import type { Problem } from "./problem.ts";

/** A definition in which nothing is wrong by itself, with the text it came from for pointing at it. */
export interface SoundDefinition {
  readonly definition: Definition;
  readonly problemAt: (fault: Fault, verb: "parse" | "use") => Problem;
}
