import type { Stats } from "node:fs";
import { wholeFileProblem } from "./config-file.ts";
import type { SeenFiles } from "./fingerprint.ts";
import type { KnownServices } from "./link-checks.ts";
import { type Candidate, SETTINGS_FILE } from "./list-directory.ts";
import { openDefinition, parseDefinition, type DefinitionFile, type Surroundings } from "./load-definition.ts";
import type { LinkedService } from "./linked-service.ts";
import type { LoadRequest } from "./load-request.ts";
import { quote, type Problem } from "./problem.ts";
import { displayOf, readTrusted } from "./read-trusted.ts";
import { nameFaultOf } from "./service-name.ts";
import type { SoundDefinition } from "./sound-definition.ts";
import { instanceOf, makingOf, type Made } from "./templates.ts";

/** More services than these are refused, instances counted. */
const MAX_SERVICES = 4096;

/** What the files of a directory make. */
export interface CandidatesRead {
  readonly sound: readonly SoundDefinition[];
  /** Those in which something is wrong, as far as they concern others. */
  readonly faulty: readonly LinkedService[];
  readonly problems: readonly Problem[];
  readonly known: KnownServices;
  /** What the files were when they were read. */
  readonly seen: SeenFiles;
}

/** Reads every file that claims to define a service, and judges each service that it makes by itself. */
export function readCandidates(
  candidates: readonly Candidate[],
  request: LoadRequest,
  surroundings: Surroundings,
): CandidatesRead {
  const reading = new Reading(candidates, request, surroundings);
  for (const candidate of candidates) reading.read(candidate);
  return reading.result();
}

class Reading {
  readonly #request: LoadRequest;
  readonly #surroundings: Surroundings;
  /** Services with a file of their own: what a template would make of them does not count. */
  readonly #ownNames: ReadonlySet<string>;
  readonly #sound: SoundDefinition[] = [];
  readonly #faulty: LinkedService[] = [];
  readonly #problems: Problem[] = [];
  readonly #names = new Set<string>();
  readonly #templates = new Map<string, string | null>();
  readonly #unreadable = new Set<string>();
  readonly #seen = new Map<string, Stats>();

  constructor(candidates: readonly Candidate[], request: LoadRequest, surroundings: Surroundings) {
    this.#request = request;
    this.#surroundings = surroundings;
    this.#ownNames = new Set(candidates.map(({ service }) => service));
  }

  result(): CandidatesRead {
    return {
      sound: this.#sound,
      faulty: this.#faulty,
      problems: this.#problems,
      known: { names: this.#names, templates: this.#templates, unreadable: this.#unreadable },
      seen: this.#seen,
    };
  }

  read(candidate: Candidate): void {
    const { service } = candidate;
    const opened = this.#open(candidate);
    if (opened === null) {
      this.#names.add(service);
      this.#unreadable.add(instanceOf(service)?.template ?? service);
      return;
    }
    const { services, template, isTrial, fault } = makingOf(candidate, opened.own, this.#request.instances ?? {});
    if (fault !== null) this.#problems.push(opened.file.problemAt(fault));
    const made = services.filter(({ name }) => template === null || !this.#ownNames.has(name));
    if (template !== null && this.#templates.has(template))
      return this.#refuse(candidate, `another file is a template of ${quote(template)} as well`);
    if (template !== null) this.#templates.set(template, isTrial ? null : (services[0]?.name ?? null));
    if (!isTrial) for (const { name } of made) this.#names.add(name);
    if (this.#names.size > MAX_SERVICES)
      return this.#refuse(candidate, `the directory defines more than ${MAX_SERVICES} services with it`);
    this.#judge(opened, { candidate, made, isTrial });
  }

  #open({ fileName, service, format, isLink }: Candidate): DefinitionFile | null {
    const nameFault = nameFaultOf(service);
    if (nameFault !== null) {
      const hint = service === "daemonsup" ? `the supervisor's own settings stand in ${SETTINGS_FILE}` : null;
      this.#refuse({ fileName, service }, nameFault, hint);
      return null;
    }
    const read = readTrusted(fileName, this.#request, isLink);
    if (read.tag === "problem") this.#problems.push(read.problem);
    if (read.tag === "problem") return null;
    this.#seen.set(read.path, read.stat);
    const opened = openDefinition({ display: displayOf(fileName, this.#request), format, text: read.text });
    if (opened.tag === "opened") return opened.opened;
    this.#problems.push(...opened.problems);
    return null;
  }

  #judge(
    opened: DefinitionFile,
    { candidate, made, isTrial }: { candidate: Candidate; made: readonly Made[]; isTrial: boolean },
  ): void {
    const { fileName } = candidate;
    for (const { name, instance } of made) {
      const nameFault = nameFaultOf(name);
      if (nameFault !== null) return this.#refuse({ fileName, service: name }, nameFault);
      const origin = { name, instance, fileName };
      const loaded = parseDefinition(opened, origin, this.#surroundings);
      // What is wrong with one instance is wrong with the others too.
      if (loaded.tag === "faulty") {
        this.#problems.push(...loaded.problems);
        if (!isTrial) this.#faulty.push(loaded.linked);
        return;
      }
      if (!isTrial) this.#sound.push(loaded);
    }
  }

  #refuse(
    { fileName, service }: { fileName: string; service: string },
    reason: string,
    hint: string | null = null,
  ): void {
    const message = `cannot define service ${quote(service)}: ${reason}`;
    this.#problems.push(wholeFileProblem(displayOf(fileName, this.#request), message, hint));
  }
}
