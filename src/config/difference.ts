import type * as z from "zod";
import type { Definition } from "../core/definition.ts";
import { definitionSchema } from "./definition-schema.ts";
import { fieldOf, metaOf, tableShapeOf } from "./key-meta.ts";

/** What it takes to go from one definition to another: nothing, an adjustment while it runs, or a restart. */
export type DefinitionDifference = "same" | "live" | "restart";

/** One field of a definition: may it change while the service runs, and if it is a table, its own fields. */
interface Field {
  readonly live: boolean;
  readonly below: ReadonlyMap<string, Field> | null;
}

/** Compares two normalized definitions of one service by what the schema says of each key. */
export function differenceOf(old: Definition, next: Definition): DefinitionDifference {
  const changes = changesOf(FIELDS, old, next);
  if (changes.length === 0) return "same";
  return changes.every((live) => live) ? "live" : "restart";
}

/** The fields of a definition that the schema accounts for. */
export function definitionFields(): ReadonlySet<string> {
  return new Set(FIELDS.keys());
}

/** Which definition it is and where it stands, not how it runs. */
const IDENTITY: ReadonlySet<string> = new Set(["name", "source"]);

const FIELDS = fieldsOf(definitionSchema);

function fieldsOf(schema: z.core.$ZodType): ReadonlyMap<string, Field> {
  const shape = tableShapeOf(schema) ?? {};
  return new Map(
    Object.entries(shape).map(([key, inner]) => {
      const facts = metaOf(inner);
      return [fieldOf(key, facts), { live: facts.live, below: tableShapeOf(inner) === null ? null : fieldsOf(inner) }];
    }),
  );
}

/** For each field that differs, whether it may change while the service runs. */
function changesOf(fields: ReadonlyMap<string, Field>, old: object, next: object): boolean[] {
  const [before, after] = [new Map(Object.entries(old)), new Map(Object.entries(next))];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [left, right]: [unknown, unknown] = [before.get(name), after.get(name)];
    if (Bun.deepEquals(left, right, true)) return [];
    const field = fields.get(name);
    if (field === undefined) return fields === FIELDS ? [IDENTITY.has(name)] : [];
    if (field.below === null || !isObject(left) || !isObject(right)) return [field.live];
    const below = changesOf(field.below, left, right);
    // What differs in a field that no single key fills is judged as the table is.
    return below.length > 0 ? below : [field.live];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
