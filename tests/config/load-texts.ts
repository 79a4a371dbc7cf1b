import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Definition } from "../../src/core/definition.ts";
import { loadDirectory, type LoadResult } from "../../src/config/load-directory.ts";
import type { LoadRequest } from "../../src/config/load-request.ts";
import type { Machine } from "../../src/config/machine.ts";
import { renderProblem } from "../../src/config/problem.ts";

export const isRoot = process.getuid?.() === 0;

/** A machine on which there are just these users and groups. */
export const machine: Machine = {
  userExists: (name) => name === "root" || name === "alice",
  groupExists: (name) => name === "root" || name === "video",
};

/** A directory of definitions that is gone when its scope ends. */
export interface Place extends Disposable {
  readonly directory: string;
  write(name: string, text: string | Uint8Array): string;
  load(changes?: Partial<LoadRequest>): LoadResult;
}

export function makePlace(files: Readonly<Record<string, string | Uint8Array>> = {}): Place {
  const top = mkdtempSync(join(tmpdir(), "daemonsup-config-"));
  const directory = join(top, "services.d");
  mkdirSync(directory, { mode: 0o755 });
  const place: Place = {
    directory,
    write: (name, text) => {
      const path = join(directory, name);
      writeFileSync(path, text, { mode: 0o644 });
      return path;
    },
    load: (changes = {}) => loadDirectory({ ...requestOf(directory), ...changes }, machine),
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  };
  for (const [name, text] of Object.entries(files)) place.write(name, text);
  return place;
}

export function requestOf(directory: string): LoadRequest {
  return { directory, displayAs: "services.d", invokingUid: process.getuid?.() ?? 0, isRoot, allowEmpty: false };
}

/** The problems of a directory, as they are printed. */
export function problemsIn(place: Place, changes: Partial<LoadRequest> = {}): string[] {
  const result = place.load(changes);
  return result.tag === "rejected" ? result.problems.map(renderProblem) : [];
}

/** The problems of these files, as they are printed. */
export function problemsOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  changes: Partial<LoadRequest> = {},
): string[] {
  using place = makePlace(files);
  return problemsIn(place, changes);
}

/** What the machine lacks for these files, as it is printed. */
export function faultsOf(files: Readonly<Record<string, string>>, changes: Partial<LoadRequest> = {}): string[] {
  using place = makePlace(files);
  return mustLoad(place.load(changes)).faults.map((fault) =>
    renderProblem(fault.problem).replaceAll(place.directory, "DIR"),
  );
}

/** The one definition that this text makes. */
export function definitionOf(fileName: string, text: string, changes: Partial<LoadRequest> = {}): Definition {
  using place = makePlace({ [fileName]: text });
  const [definition] = mustLoad(place.load(changes)).definitions;
  if (definition === undefined) throw new Error("no definition was loaded");
  return definition;
}

export function mustLoad(result: LoadResult): LoadResult & { readonly tag: "loaded" } {
  if (result.tag === "rejected") throw new Error(`rejected:\n${result.problems.map(renderProblem).join("\n")}`);
  return result;
}

/** One text of these lines. */
export function lines(...text: string[]): string {
  return `${text.join("\n")}\n`;
}
