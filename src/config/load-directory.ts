import { hostname } from "node:os";
import type { Definition, Settings } from "../core/definition.ts";
import { loggersOf } from "../core/log-policy.ts";
import { addressProblemsOf } from "./address-checks.ts";
import { wholeFileProblem } from "./config-file.ts";
import { EnvironmentFiles } from "./environment-files.ts";
import { faultAt, type Fault } from "./fault.ts";
import type { SeenFiles } from "./fingerprint.ts";
import { failureCyclesOf } from "./failure-cycles.ts";
import { judgeCycles } from "./link-cycles.ts";
import { type KnownServices, linkProblemsOf, unknownReasonOf } from "./link-checks.ts";
import { listDirectory, SETTINGS_FILE, type Candidate, type Listing } from "./list-directory.ts";
import { linkedOf } from "./linked-service.ts";
import type { LoadRequest } from "./load-request.ts";
import { defaultSettings, parseSettings, unreadableSettings, type LoadedSettings } from "./load-settings.ts";
import { MachineCheck, type MachineFault } from "./machine-faults.ts";
import type { Machine } from "./machine.ts";
import { Normalizer } from "./normalize-definition.ts";
import { compareProblems, quote, type Problem } from "./problem.ts";
import { readCandidates } from "./read-candidates.ts";
import { displayOf, readTrusted } from "./read-trusted.ts";
import type { SoundDefinition } from "./sound-definition.ts";
import { suggestNearest } from "./want.ts";
import { collisionsOf, type Difference } from "./written-files.ts";

export type LoadResult =
  | {
      readonly tag: "loaded";
      readonly settings: Settings;
      /** In the order of their names; those with faults are among them. */
      readonly definitions: readonly Definition[];
      readonly faults: readonly MachineFault[];
      /** What was passed over for a good reason; everything runs all the same. */
      readonly warnings: readonly Problem[];
      /** Names of templates, without the @, in order. */
      readonly templates: readonly string[];
      /** Files beside the definitions whose values are part of them, absolute: what has changed in them has changed these. */
      readonly used: readonly string[];
      /** What the files of the definitions were when they were read. */
      readonly seen: SeenFiles;
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
  const files = new EnvironmentFiles();
  const check = new MachineCheck(machine, { reader: request, files });
  const settings = listing.hasSettings ? loadSettings(request, check) : defaultSettings();
  const read = readCandidates(listing.candidates, request, {
    defaults: { table: settings.defaults, file: settings.file },
    files,
    host: hostname(),
    directory: request.directory,
    normalizer: new Normalizer(request.directory),
  });
  const sound = [...read.sound].sort((left, right) => (left.definition.name < right.definition.name ? -1 : 1));
  // What is wrong in one text hides nothing that others would say of the services in it.
  const linked = [...sound.map(linkedOf), ...read.faulty].sort((left, right) => (left.name < right.name ? -1 : 1));
  const cycles = judgeCycles(linked);
  const problems = [
    ...settings.problems,
    ...read.problems,
    ...twinProblemsOf(listing.candidates, request),
    ...collisionProblemsOf(sound, request),
    ...addressProblemsOf(sound),
    ...linkProblemsOf(linked, read.known),
    ...ownLoggerProblemsOf(settings, read.known),
    ...cycles.problems,
    ...emptinessProblemsOf(listing, request),
  ];
  const faults = machineFaultsOf(sound, check);
  if (problems.length > 0) {
    // Whoever mends the text wants to know at once what else is missing.
    return { tag: "rejected", problems: [...problems, ...faults.map(({ problem }) => problem)].sort(compareProblems) };
  }
  return {
    tag: "loaded",
    settings: settings.settings,
    definitions: sound.map(({ definition }) => cycles.without(definition)),
    faults,
    warnings: [...cycles.warnings, ...failureCyclesOf(linked), ...machineWarningsOf(sound, check)].sort(
      compareProblems,
    ),
    templates: [...read.known.templates.keys()].sort(),
    used: files.used,
    seen: read.seen,
    ignored: listing.ignored,
  };
}

function loadSettings(request: LoadRequest, check: MachineCheck): LoadedSettings {
  const read = readTrusted(SETTINGS_FILE, request, false);
  return read.tag === "problem"
    ? unreadableSettings(read.problem)
    : parseSettings({ display: displayOf(SETTINGS_FILE, request), text: read.text }, check);
}

/** Services that the supervisor's own log is to go to, and that there are not. */
function ownLoggerProblemsOf({ settings, file }: LoadedSettings, known: KnownServices): Problem[] {
  return loggersOf(settings.log).flatMap((name) => {
    const reason = unknownReasonOf(name, known);
    const fault = faultAt(["log", "to"], reason ?? "", suggestNearest(name, known.names));
    return reason === null || file === null ? [] : [file.problemAt(fault, "use")];
  });
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

function collisionProblemsOf(sound: readonly SoundDefinition[], request: LoadRequest): Problem[] {
  const byName = new Map(sound.map((service) => [service.definition.name, service]));
  const definitions = [...byName.values()].map((service) => service.definition);
  return collisionsOf(definitions, request.logDirectory ?? null).flatMap(
    ({ service, path, file, other, difference }) => {
      const source = other === null ? undefined : byName.get(other)?.definition.source;
      const writer =
        source === undefined
          ? "the supervisor itself"
          : quote(displayOf(source.slice(source.lastIndexOf("/") + 1), request));
      const reason =
        other === service
          ? `${quote(file)} is written twice by this service`
          : `${quote(file)} is written by ${writer} as well${differenceWordsOf(difference, byName.get(other ?? ""))}`;
      const fault: Fault = { path, at: "value", reason, suggestion: null };
      return byName.get(service)?.problemAt(fault, "use") ?? [];
    },
  );
}

/** What keeps two services from sharing a log file, with the line on which the other one names it. */
function differenceWordsOf(difference: Difference | null, other: SoundDefinition | undefined): string {
  if (difference === null || other === undefined) return "";
  const { path } = difference;
  const { line } = other.problemAt({ path, at: "value", reason: "", suggestion: null }, "use");
  if (difference.tag === "name") return ` (line ${line}), as ${quote(difference.name)}: want the same name in both`;
  return ` (line ${line}), with another ${difference.keys.map(quote).join(", ")}: want the same in both`;
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

function machineWarningsOf(sound: readonly SoundDefinition[], check: MachineCheck): Problem[] {
  return sound.flatMap(({ definition, problemAt }) =>
    check.warningsOf(definition).map((fault) => problemAt(fault, "use")),
  );
}

function machineFaultsOf(sound: readonly SoundDefinition[], check: MachineCheck): MachineFault[] {
  return sound
    .flatMap(({ definition, problemAt }) =>
      check.faultsOf(definition).map((fault) => ({ service: definition.name, problem: problemAt(fault, "use") })),
    )
    .sort((left, right) => compareProblems(left.problem, right.problem));
}
