import type * as z from "zod";
import { definitionSchema } from "./definition-schema.ts";
import { fieldOf, metaOf, tableShapeOf } from "./key-meta.ts";

/**
 * The paths of the fields of a definition that may change while the service runs: "description", "restart". A table of
 * which every key may change stands there as a whole: whatever its keys fill is live.
 */
export function liveFields(): readonly string[] {
  return liveFieldsOf(definitionSchema, "");
}

function liveFieldsOf(schema: z.core.$ZodType, above: string): readonly string[] {
  return Object.entries(tableShapeOf(schema) ?? {}).flatMap(([key, inner]) => {
    const field = fieldOf(key, metaOf(inner));
    if (field === null) return [];
    return isWhollyLive(inner) ? [above + field] : liveFieldsOf(inner, `${above}${field}.`);
  });
}

function isWhollyLive(schema: z.core.$ZodType): boolean {
  return metaOf(schema).live && Object.values(tableShapeOf(schema) ?? {}).every(isWhollyLive);
}
