import { readdirSync, statSync, type Dirent } from "node:fs";
import { errnoOf, reasonOf } from "./read-file.ts";
import { distrustOf, type Reader } from "./trust.ts";

/** More services than these in one directory are refused. */
const MAX_SERVICES = 4096;

/** The supervisor's own settings, beside the definitions. */
export const SETTINGS_FILE = "daemonsup.toml";

export type Format = "toml" | "yaml" | "json";

/** A file that claims to define a service. */
export interface Candidate {
  readonly fileName: string;
  /** The file's name without its ending; not yet judged. */
  readonly service: string;
  readonly format: Format;
  readonly isLink: boolean;
}

export type Listing =
  | {
      readonly tag: "listed";
      readonly hasSettings: boolean;
      readonly candidates: readonly Candidate[];
      readonly ignored: readonly string[];
    }
  | { readonly tag: "failed"; readonly reason: string };

/** Sorts the entries of a directory into definitions, settings, and files that are neither. Each list is in order. */
export function listDirectory(directory: string, reader: Reader): Listing {
  let entries: Dirent[];
  try {
    const stat = statSync(directory);
    if (!stat.isDirectory()) return { tag: "failed", reason: "it is not a directory" };
    const distrust = distrustOf(stat, reader);
    if (distrust !== null) return { tag: "failed", reason: distrust };
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    return { tag: "failed", reason: reasonOf(errnoOf(error)) };
  }
  const candidates: Candidate[] = [];
  const ignored: string[] = [];
  for (const entry of entries) {
    const candidate = candidateOf(entry);
    if (candidate !== null) candidates.push(candidate);
    else if (entry.name !== SETTINGS_FILE && !isBackup(entry.name))
      ignored.push(entry.isDirectory() ? `${entry.name}/` : entry.name);
  }
  if (candidates.length > MAX_SERVICES) {
    return { tag: "failed", reason: `it holds ${candidates.length} definitions, want at most ${MAX_SERVICES}` };
  }
  candidates.sort((left, right) => (left.fileName < right.fileName ? -1 : 1));
  return {
    tag: "listed",
    hasSettings: entries.some((entry) => entry.name === SETTINGS_FILE),
    candidates,
    ignored: ignored.sort(),
  };
}

const FORMATS: ReadonlyMap<string, Format> = new Map([
  ["toml", "toml"],
  ["yaml", "yaml"],
  ["yml", "yaml"],
  ["json", "json"],
]);

function candidateOf(entry: Dirent): Candidate | null {
  const { name } = entry;
  const dot = name.lastIndexOf(".");
  const format = dot === -1 ? undefined : FORMATS.get(name.slice(dot + 1));
  if (format === undefined || name === SETTINGS_FILE || isBackup(name)) return null;
  return { fileName: name, service: name.slice(0, dot), format, isLink: entry.isSymbolicLink() };
}

/** What editors leave behind, and hidden files: not worth a word. */
function isBackup(name: string): boolean {
  return (
    name.startsWith(".") ||
    name.endsWith("~") ||
    (name.startsWith("#") && name.endsWith("#")) ||
    /\.sw[a-p]$/.test(name)
  );
}
