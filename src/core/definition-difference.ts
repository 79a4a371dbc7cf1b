import type { Definition } from "./definition.ts";
import type { LogPolicy } from "./log-policy.ts";

/** What it takes to go from one definition to another: nothing, an adjustment while it runs, or a restart. */
export type DefinitionDifference = "same" | "live" | "restart";

/**
 * Compares two definitions of one service. `liveFields` are the paths of the fields that may change while it runs, such
 * as "description" or "restart.delay"; what stands below such a path is live as well.
 */
export function differenceOf(old: Definition, next: Definition, liveFields: ReadonlySet<string>): DefinitionDifference {
  const paths = changedPaths(old, next, "").filter((path) => !NOT_COMPARED.has(path));
  if (paths.length === 0) return "same";
  if (hasOtherOutput(old.log, next.log)) return "restart";
  return paths.every((path) => isLive(path, liveFields)) ? "live" : "restart";
}

/** Which definition it is and where it stands says nothing of how it runs. */
const NOT_COMPARED: ReadonlySet<string> = new Set(["name", "source"]);

/** true: it writes its files itself, before or after, and has other ones open than it should. */
function hasOtherOutput(old: LogPolicy, next: LogPolicy): boolean {
  if (old.direct === null && next.direct === null) return false;
  return JSON.stringify(heldBy(old)) !== JSON.stringify(heldBy(next));
}

/** What stdout and stderr of the process are. */
function heldBy({ direct, isJoined, sinks }: LogPolicy): unknown {
  const files = sinks.map((sink) => [sink.streams, sink.type === "file" ? sink.path : null]);
  return direct === null ? null : { isJoined, files };
}

function changedPaths(old: unknown, next: unknown, above: string): readonly string[] {
  if (Object.is(old, next)) return [];
  if (Array.isArray(old) && Array.isArray(next)) return isSameList(old, next) ? [] : [above];
  if (!isTable(old) || !isTable(next)) return [above];
  const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
  return [...keys].flatMap((key) => changedPaths(old[key], next[key], above === "" ? key : `${above}.${key}`));
}

function isSameList(old: readonly unknown[], next: readonly unknown[]): boolean {
  return old.length === next.length && old.every((item, index) => changedPaths(item, next[index], "item").length === 0);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLive(path: string, liveFields: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf(".", end - 1)) {
    if (liveFields.has(path.slice(0, end))) return true;
  }
  return false;
}
