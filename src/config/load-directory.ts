import type { Definition, Settings } from "../core/definition.ts";
import { wholeFileProblem } from "./config-file.ts";
import type { Fault } from "./fault.ts";
import { listDirectory, SETTINGS_FILE, type Candidate, type Listing } from "./list-directory.ts";
import { parseDefinition, type Defaults, type DefinitionLoaded } from "./load-definition.ts";
import { defaultSettings, parseSettings, unreadableSettings, type LoadedSettings } from "./load-settings.ts";
import { MachineCheck, type MachineFault } from "./machine-faults.ts";
import type { Machine } from "./machine.ts";
import { compareProblems, quote, type Problem } from "./problem.ts";
import { readTextFile, type FileRead } from "./read-file.ts";
import { nameFaultOf } from "./service-name.ts";
import { distrustOf } from "./trust.ts";
import { collisionsOf } from "./written-files.ts";

export interface LoadRequest {
  /** Absolute path of the definitions' directory. */
  readonly directory: string;
  /** The directory as the user typed it; messages begin with it. */
  readonly displayAs: string;
  /** Who gave the command; as root, this user's files are believed beside root's own. */
  readonly invokingUid: number;
  readonly isRoot: boolean;
  /** true: a directory without definitions is no error. */
  readonly allowEmpty: boolean;
  /** Absolute; with it, default log files are compared with those that definitions name. */
  readonly logDirectory?: string;
}

export type LoadResult =
  | {
      readonly tag: "loaded";
      readonly settings: Settings;
      /** In the order of their names; those with faults are among them. */
      readonly definitions: readonly Definition[];
      readonly faults: readonly MachineFault[];
      /** Files that are no definitions, in order. */
      readonly ignored: readonly string[];
    }
  | { readonly tag: "rejected"; readonly problems: readonly Problem[] };

/**
 * Reads a directory of definitions: everything that is wrong with any of its texts at once, or all definitions, with
 * what the machine lacks for each. Never throws for what it finds there.
 */
export function loadDirectory(request: LoadRequest, machine: Machine): LoadResult {
  const listing = listDirectory(request.directory, request);
  if (listing.tag === "failed") {
    return {
      tag: "rejected",
      problems: [wholeFileProblem(request.displayAs, `cannot read ${quote(request.displayAs)}: ${listing.reason}`)],
    };
  }
  const check = new MachineCheck(machine, request);
  const settings = listing.hasSettings ? loadSettings(request, check) : defaultSettings();
  const services = listing.candidates.map((candidate) =>
    loadCandidate(candidate, request, { table: settings.defaults, file: settings.file }),
  );
  const sound = services.filter((service) => service.tag === "loaded");
  const problems = [
    ...settings.problems,
    ...services.flatMap((service) => (service.tag === "faulty" ? service.problems : [])),
    ...twinProblemsOf(listing.candidates, request),
    ...collisionProblemsOf(sound, request),
    ...emptinessProblemsOf(listing, request),
  ];
  const faults = machineFaultsOf(sound, check);
  if (problems.length > 0) {
    // Whoever mends the text wants to know at once what else is missing.
    return { tag: "rejected", problems: [...problems, ...faults.map(({ problem }) => problem)].sort(compareProblems) };
  }
  const definitions = sound
    .map((service) => service.definition)
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return {
    tag: "loaded",
    settings: settings.settings,
    definitions,
    faults,
    ignored: listing.ignored,
  };
}

type Sound = DefinitionLoaded & { readonly tag: "loaded" };

function loadSettings(request: LoadRequest, check: MachineCheck): LoadedSettings {
  const read = readTrusted(SETTINGS_FILE, request, false);
  return read.tag === "problem"
    ? unreadableSettings(read.problem)
    : parseSettings({ display: displayOf(SETTINGS_FILE, request), text: read.text }, check);
}

function loadCandidate(candidate: Candidate, request: LoadRequest, defaults: Defaults): DefinitionLoaded {
  const { fileName, service, format, isLink } = candidate;
  const display = displayOf(fileName, request);
  const nameFault = nameFaultOf(service);
  if (nameFault !== null) {
    const hint = service === "daemonsup" ? `the supervisor's own settings stand in ${SETTINGS_FILE}` : null;
    return {
      tag: "faulty",
      problems: [wholeFileProblem(display, `cannot define service ${quote(service)}: ${nameFault}`, hint)],
    };
  }
  const read = readTrusted(fileName, request, isLink);
  if (read.tag === "problem") return { tag: "faulty", problems: [read.problem] };
  return parseDefinition(
    { display, format, text: read.text },
    { name: service, instance: null, directory: request.directory, fileName },
    defaults,
  );
}

type Trusted = { readonly tag: "text"; readonly text: string } | { readonly tag: "problem"; readonly problem: Problem };

function readTrusted(fileName: string, request: LoadRequest, isLink: boolean): Trusted {
  const file = displayOf(fileName, request);
  const read = readTextFile(`${request.directory}/${fileName}`);
  const distrust = read.tag === "read" ? distrustOf(read.stat, request) : null;
  if (read.tag === "read" && distrust === null) return { tag: "text", text: read.text };
  const { line, column } = read.tag === "failed" ? read : { line: 1, column: 1 };
  const message = `cannot read ${quote(fileName)}: ${read.tag === "failed" ? unreadableReasonOf(read, isLink) : distrust}`;
  return { tag: "problem", problem: { file, line, column, message, excerpt: null, suggestion: null } };
}

function unreadableReasonOf({ errno, reason }: FileRead & { readonly tag: "failed" }, isLink: boolean): string {
  if (errno === "ENOENT")
    return isLink ? "it is a symbolic link to nothing" : "it vanished while the directory was read";
  return reason;
}

function twinProblemsOf(candidates: readonly Candidate[], request: LoadRequest): Problem[] {
  const first = new Map<string, string>();
  return candidates.flatMap(({ service, fileName }) => {
    const twin = first.get(service);
    if (twin === undefined) {
      first.set(service, fileName);
      return [];
    }
    const message = `cannot define service ${quote(service)}: ${quote(displayOf(twin, request))} defines it too`;
    return [wholeFileProblem(displayOf(fileName, request), message)];
  });
}

function collisionProblemsOf(sound: readonly Sound[], request: LoadRequest): Problem[] {
  const byName = new Map(sound.map((service) => [service.definition.name, service]));
  const definitions = [...byName.values()].map((service) => service.definition);
  return collisionsOf(definitions, request.logDirectory ?? null).flatMap(({ service, path, file, other }) => {
    const source = other === null ? undefined : byName.get(other)?.definition.source;
    const writer =
      source === undefined
        ? "the supervisor itself"
        : quote(displayOf(source.slice(source.lastIndexOf("/") + 1), request));
    const reason =
      other === service
        ? `${quote(file)} is written twice by this service`
        : `${quote(file)} is written by ${writer} as well`;
    const fault: Fault = { path, at: "value", reason, suggestion: null };
    return byName.get(service)?.problemAt(fault, "use") ?? [];
  });
}

function emptinessProblemsOf({ candidates }: Listing & { readonly tag: "listed" }, request: LoadRequest): Problem[] {
  if (candidates.length > 0 || request.allowEmpty) return [];
  const reason = `it holds no service definition, want files like NAME.toml`;
  return [
    wholeFileProblem(
      request.displayAs,
      `cannot read ${quote(request.displayAs)}: ${reason}`,
      "write --allow-empty if it is meant to be empty",
    ),
  ];
}

function machineFaultsOf(sound: readonly Sound[], check: MachineCheck): MachineFault[] {
  return sound
    .flatMap(({ definition, problemAt }) =>
      check.faultsOf(definition).map((fault) => ({ service: definition.name, problem: problemAt(fault, "use") })),
    )
    .sort((left, right) => compareProblems(left.problem, right.problem));
}

function displayOf(fileName: string, { displayAs }: LoadRequest): string {
  return `${displayAs.replace(/\/+$/, "")}/${fileName}`;
}
