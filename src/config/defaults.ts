import { isTable, valueAt, type Path, type Table } from "./document.ts";

/**
 * Lays a definition over [defaults]: tables key by key, everything else replaces. A restart policy from the defaults
 * gives way where it cannot have been meant: "always" for a oneshot, and any for a critical service.
 */
export function layOverDefaults(defaults: Table, own: Table): Table {
  const merged = merge(defaults, own);
  const policy = valueAt(merged, ["restart", "policy"]);
  if (policy === undefined || valueAt(own, ["restart", "policy"]) !== undefined) return merged;
  const givesWay = merged["critical"] === true || (own["type"] === "oneshot" && policy === "always");
  return givesWay ? without(merged, ["restart", "policy"]) : merged;
}

/** The table without what stands at the path; of a list with a fault inside, nothing is kept. */
export function without(table: Table, path: Path): Table {
  const [first, ...rest] = path;
  if (typeof first !== "string") return table;
  const { [first]: inner, ...others } = table;
  return rest.length > 0 && isTable(inner) && typeof rest[0] === "string"
    ? { ...others, [first]: without(inner, rest) }
    : others;
}

function merge(below: Table, own: Table): Table {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(own)) {
    const under = merged[key];
    merged[key] = isTable(under) && isTable(value) ? merge(under, value) : value;
  }
  return merged;
}
