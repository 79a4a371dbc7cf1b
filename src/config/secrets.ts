import { nearestOf } from "../core/nearest.ts";
import type { Path, PlaceIndex } from "./document.ts";
import type { Format } from "./list-directory.ts";
import type { Span } from "./source-text.ts";

/** true if what stands at this path may be the value of an environment variable, also under a mistyped key. */
export function isSecret(path: Path): boolean {
  // Where a secret is read from is none.
  if (path.length === 3 && path[0] === "environment" && path[2] === "file") return false;
  return path.some((part) => typeof part === "string" && isSecretKey(part));
}

/** The stretches of a text that must not be shown. */
export function secretSpansOf(places: PlaceIndex): Span[] {
  const spans: Span[] = [];
  for (const [pathKey, place] of places) {
    const path = JSON.parse(pathKey) as Path;
    if (!isSecret(path)) continue;
    if (place.isLeaf) spans.push(place.value);
    // "TOKEN=secret" as a key: somebody put the whole assignment into the name.
    if (place.key !== null && String(path.at(-1)).includes("=")) spans.push(place.key);
  }
  return spans;
}

/**
 * true if the line of a syntax error may show the value of an environment variable. Nothing is parsed here, so the
 * text itself is asked, and in doubt the line is not shown.
 */
export function mayShowSecret(format: Format, text: string, offset: number): boolean {
  const end = text.indexOf("\n", offset);
  const lines = text.slice(0, end === -1 ? text.length : end).split("\n");
  const last = lines.length - 1;
  if (SUSPECT.test(lines[last] ?? "")) return true;
  if (format === "json" || /"""|'''/.test(text)) return lines.some((line) => SUSPECT.test(line));
  return format === "toml"
    ? isInTomlEnvironment(lines)
    : lines.some((line, index) => SUSPECT.test(line) && isInYamlBlock(lines, index));
}

/** Begins what holds variables, or may do so: "environment", "env", "enviroment", but neither /usr/bin/env nor the key of files. */
const SUSPECT = /(?<!\/)env(?!ironment_file)|viron(?!ment_file)/i;

function isSecretKey(key: string): boolean {
  if (key === "environment_file") return false;
  return /env/i.test(key) || nearestOf(key, ["environment"]) !== null;
}

function isInTomlEnvironment(lines: readonly string[]): boolean {
  const header = lines.findLastIndex((line) => /^\s*\[/.test(line) && /\]\s*(#.*)?$/.test(line));
  return lines.slice(Math.max(0, header)).some((line) => SUSPECT.test(line) && !IS_COMPLETE.test(line));
}

/** One line that holds a whole assignment of the environment. */
const IS_COMPLETE = /^\s*env\w*\s*(=\s*\{.*\}|\.[\w.-]+\s*=.*)\s*(#.*)?$/i;

function isInYamlBlock(lines: readonly string[], start: number): boolean {
  const indent = indentOf(lines[start] ?? "");
  return lines
    .slice(start + 1)
    .every((line) => line.trim() === "" || indentOf(line) > indent || line.trimStart().startsWith("-"));
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
