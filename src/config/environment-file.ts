import type { EnvironmentFile } from "../core/definition.ts";
import { parseEnvironmentText, type EnvironmentFault } from "./environment-text.ts";
import { quote } from "./problem.ts";
import { readTextFile } from "./read-file.ts";

/** The variables of an environment file, or why it cannot be used: in one sentence, and each fault with its place. */
export type EnvironmentLoaded =
  | { readonly tag: "loaded"; readonly variables: Readonly<Record<string, string>> }
  | { readonly tag: "unusable"; readonly reason: string; readonly faults: readonly EnvironmentFault[] };

/**
 * Reads an environment file, for checking and again before each start. A missing file that is optional has no
 * variables. No reason and no fault ever holds a value.
 */
export function loadEnvironmentFile(file: EnvironmentFile): EnvironmentLoaded {
  const read = readTextFile(file.path);
  if (read.tag === "failed") {
    if (file.optional && read.errno === "ENOENT") return { tag: "loaded", variables: {} };
    const faults = read.errno === null ? [{ line: read.line, column: read.column, reason: read.reason }] : [];
    return { tag: "unusable", reason: `environment file ${quote(file.path)}: ${read.reason}`, faults };
  }
  const parsed = parseEnvironmentText(read.text);
  if (parsed.tag === "parsed") return { tag: "loaded", variables: parsed.environment };
  const [first] = parsed.faults;
  return {
    tag: "unusable",
    reason: `environment file ${quote(file.path)}, line ${first?.line ?? 1}: ${first?.reason ?? "not KEY=value"}`,
    faults: parsed.faults,
  };
}
