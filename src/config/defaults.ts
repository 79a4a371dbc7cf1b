import { isTable, valueAt, type Path, type Table } from "./document.ts";

/**
 * Lays the definition of a service over [defaults]: tables key by key (of [hooks], each hook as a whole), everything else
 * replaces. What cannot have been meant gives way: a restart policy "always" for a oneshot, any policy for a critical
 * service, and for a service that is to be started when another fails, that it is started when it fails itself.
 */
export function layOverDefaults(defaults: Table, own: Table, service: string): Table {
  const handler = valueAt(defaults, ["hooks", "on_failure", "start"]);
  const merged = merge(handler === service ? without(defaults, ["hooks", "on_failure"]) : defaults, own);
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
    merged[key] =
      isTable(under) && isTable(value) ? (key === "hooks" ? { ...under, ...value } : merge(under, value)) : value;
  }
  return merged;
}
