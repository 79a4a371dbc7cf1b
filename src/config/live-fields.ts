import type * as z from "zod";
import { definitionSchema } from "./definition-schema.ts";
import { fieldOf, metaOf, tableShapeOf } from "./key-meta.ts";

/**
 * The paths of the fields of a definition that may change while the service runs: "description", "restart.maxDelay". A
 * table of which every key may change stands there itself too, for the fields in it that no single key fills, and for a
 * table that comes or goes as a whole.
 */
export function liveFields(): readonly string[] {
  return liveFieldsOf(definitionSchema, "");
}

function liveFieldsOf(schema: z.core.$ZodType, above: string): readonly string[] {
  return Object.entries(tableShapeOf(schema) ?? {}).flatMap(([key, inner]) => {
    const facts = metaOf(inner);
    const path = above + fieldOf(key, facts);
    return [...(isWhollyLive(inner) ? [path] : []), ...liveFieldsOf(inner, `${path}.`)];
  });
}

function isWhollyLive(schema: z.core.$ZodType): boolean {
  return metaOf(schema).live && Object.values(tableShapeOf(schema) ?? {}).every(isWhollyLive);
}
