import { judge } from "../../src/control/judge-shape.ts";
import type { Shape, ValueOf } from "../../src/control/shape.ts";

/** The value, if it has the shape; throws what is wrong with it otherwise. */
export function soundValue<S extends Shape>(shape: S, raw: unknown): ValueOf<S> {
  const judgement = judge(shape, raw);
  if (judgement.tag === "refused") throw new Error(judgement.reasons.join("; "));
  return judgement.value;
}
