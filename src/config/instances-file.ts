import { MAX_INSTANCES } from "../core/most-instances.ts";
import { isTable } from "./document.ts";
import { quote } from "./problem.ts";
import { readTextFile } from "./read-file.ts";
import { nameFaultOf } from "./service-name.ts";
import type { RequestedInstances } from "./templates.ts";

export type InstancesLoaded =
  | { readonly tag: "loaded"; readonly instances: RequestedInstances }
  | { readonly tag: "unusable"; readonly reason: string };

/** What was asked of templates while the supervisor ran is remembered here, in its state directory. */
export function instancesFileOf(stateDirectory: string): string {
  return `${stateDirectory}/instances.json`;
}

/** Reads {"web": {"count": 6, "names": ["x"]}}; both keys may be left out. No file: nothing was asked. */
export function loadInstances(path: string): InstancesLoaded {
  const read = readTextFile(path);
  if (read.tag === "failed" && read.errno === "ENOENT") return { tag: "loaded", instances: {} };
  if (read.tag === "failed") return unusable(path, read.reason);
  const instances = parseInstances(read.text);
  return typeof instances === "string" ? unusable(path, instances) : { tag: "loaded", instances };
}

/** The text of the file. */
export function encodeInstances(instances: RequestedInstances): string {
  const entries = Object.entries(instances).map(([template, { count, names }]) => [
    template,
    { ...(count === null ? {} : { count }), ...(names.length === 0 ? {} : { names }) },
  ]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

function parseInstances(text: string): RequestedInstances | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  if (!isTable(value)) return "want an object with a template in each key";
  const instances: Record<string, RequestedInstances[string]> = {};
  for (const [template, asked] of Object.entries(value)) {
    if (nameFaultOf(template) !== null || template.includes("@")) return `${quote(template)} is no name of a template`;
    if (!isTable(asked)) return `want an object for ${quote(template)}`;
    const { count = null, names = [] } = asked;
    if (count !== null && !isCount(count))
      return `want a number from 0 to ${MAX_INSTANCES} as "count" of ${quote(template)}`;
    if (!areNames(names, template)) return `want at most ${MAX_INSTANCES} names as "names" of ${quote(template)}`;
    instances[template] = { count, names };
  }
  return instances;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_INSTANCES;
}

function areNames(value: unknown, template: string): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_INSTANCES &&
    value.every((name) => typeof name === "string" && name !== "" && nameFaultOf(`${template}@${name}`) === null)
  );
}

function unusable(path: string, reason: string): InstancesLoaded {
  return { tag: "unusable", reason: `cannot read ${quote(path)}: ${reason}` };
}
