import type * as z from "zod";
import { definitionSchema } from "./definition-schema.ts";
import { fieldOf, metaOf, tableShapeOf } from "./key-meta.ts";

/** The paths of the fields of a definition that may change while the service runs: "description", "restart.maxDelay". */
export function liveFields(): readonly string[] {
  return liveFieldsOf(definitionSchema, "");
}

function liveFieldsOf(schema: z.core.$ZodType, above: string): readonly string[] {
  return Object.entries(tableShapeOf(schema) ?? {}).flatMap(([key, inner]) => {
    const facts = metaOf(inner);
    const path = above + fieldOf(key, facts);
    if (tableShapeOf(inner) !== null) return liveFieldsOf(inner, `${path}.`);
    return facts.live ? [path] : [];
  });
}
