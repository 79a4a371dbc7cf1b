import { definitionSchema } from "./definition-schema.ts";
import { fieldOf, metaOf } from "./key-meta.ts";

/**
 * The paths of the fields of a definition that may change while the service runs: "description", "restart". A table is live
 * as a whole or not at all.
 */
export function liveFields(): readonly string[] {
  return Object.entries(definitionSchema.shape).flatMap(([key, schema]) => {
    const facts = metaOf(schema);
    const field = facts.live ? fieldOf(key, facts) : null;
    return field === null ? [] : [field];
  });
}
