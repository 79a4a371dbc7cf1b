/* What a project says itself about how it is run, in the files that other tools read for that. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { nameFaultOf } from "../config/service-name.ts";
import { splitWords } from "../config/shell-words.ts";

/** A program that a project wants run. */
export interface ProgramHere {
  /** A name that a service may have. */
  readonly name: string;
  readonly command: readonly string[];
  /** The file that says so, as its name. */
  readonly source: string;
}

/** Files larger than this are not looked at, in bytes. */
const MOST_BYTES = 256 * 1024;
/** More programs than these are left out. */
const MOST_PROGRAMS = 64;

/** The processes of a Procfile, or else what "start" of a package.json runs; none if there is neither. */
export function programsIn(directory: string): readonly ProgramHere[] {
  const procfile = read(directory, "Procfile");
  if (procfile !== null) return programsOfProcfile(procfile);
  const manifest = read(directory, "package.json");
  return manifest === null ? [] : programsOfPackage(manifest, directory);
}

/** One line a process, `NAME: COMMAND`, as foreman and its kin read it. */
function programsOfProcfile(text: string): readonly ProgramHere[] {
  const programs = new Map<string, ProgramHere>();
  for (const line of text.split("\n")) {
    const [, name = "", command = ""] = /^([A-Za-z0-9_-]+):\s*(\S.*)$/.exec(line.trim()) ?? [];
    if (name === "" || nameFaultOf(name) !== null || programs.size >= MOST_PROGRAMS) continue;
    programs.set(name, { name, command: commandOf(command), source: "Procfile" });
  }
  return [...programs.values()];
}

function programsOfPackage(text: string, directory: string): readonly ProgramHere[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    return [];
  }
  const { name, scripts } = (manifest ?? {}) as { name?: unknown; scripts?: { start?: unknown } };
  if (typeof scripts?.start !== "string") return [];
  const named = (typeof name === "string" ? name : basename(directory)).replace(/^@[^/]*\//, "");
  const isBun = ["bun.lock", "bun.lockb"].some((file) => existsSync(join(directory, file)));
  const command = [isBun ? "bun" : "npm", "run", "start"];
  return [{ name: nameFaultOf(named) === null ? named : "app", command, source: "package.json" }];
}

/** A list of words if no shell is needed for it; what only a shell understands is left to one. */
function commandOf(line: string): readonly string[] {
  const split = splitWords(line);
  const isPlain = split.tag === "words" && !line.includes("$") && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(line);
  return isPlain ? split.words : ["/bin/sh", "-c", line];
}

function read(directory: string, file: string): string | null {
  try {
    const text = readFileSync(join(directory, file), "utf8");
    return text.length > MOST_BYTES ? null : text;
  } catch {
    return null;
  }
}
