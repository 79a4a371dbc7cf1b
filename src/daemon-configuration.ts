/*
 * Where the supervisor gets its configuration from: at the start from the launcher, at a reload from a process that reads
 * the files and ends. So the parsers cost the supervisor neither memory nor time, and cannot take it down.
 * Part of the composition root.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import {
  type ConfigurationReading,
  type ReadConfiguration,
  decodeConfiguration,
  encodeConfiguration,
} from "./config/configuration-text.ts";
import { fingerprintOf } from "./config/fingerprint.ts";
import { EXIT } from "./core/exit-statuses.ts";
import { configurationFileOf } from "./core/paths.ts";
import { millis } from "./core/units.ts";
import { CannotStart } from "./daemon-failure.ts";
import { type HelperPorts, runHelper } from "./daemon-helper.ts";
import type { ServiceMemory } from "./daemon-memory.ts";
import { draftOf, dropDraft } from "./os/draft-file.ts";
import { takeMemoryFile } from "./os/memory-file.ts";
import { type ReadResult, closeDescriptor, readPipe } from "./os/pipe-io.ts";
import { OWN_PROGRAM, type ReadingRole, type SupervisorRole, parseFrames } from "./role.ts";

/** How long reading may take: a file system that does not answer must not leave a reload undecided for ever. */
const READING_TIMEOUT = millis(30_000);
/** Far more than the definitions that fit into memory. */
const MOST_BYTES = 1024 * 1024 * 1024;

/** What the supervisor begins with; `text` is the same, as it is saved for a successor. */
export interface FirstConfiguration {
  readonly reading: ReadConfiguration;
  readonly text: string;
  /** true: it is what is written down for a successor already. */
  readonly isSaved: boolean;
  /** What there is to say of where it comes from, for the log; null: it comes from where it should. */
  readonly note: string | null;
}

/** Waits for what the launcher reads. null: it has refused that, or is gone, and nothing is to be started. */
export async function takeFirstConfiguration(role: SupervisorRole): Promise<FirstConfiguration | null> {
  const { handover } = role;
  if (handover === null) return takeSavedConfiguration(role.directories.runtime) ?? (await readAnew(role));
  if (handover.complete !== null && !isHandedOver(handover.complete)) return null;
  const text = takeMemoryFile(handover.configuration);
  const reading = decodeConfiguration(text);
  if (reading.tag === "rejected")
    throw new Error("internal error: the launcher handed over a configuration that it refused");
  return { reading, text, isSaved: false, note: null };
}

/**
 * What the services that a predecessor left go by: what it went by, whatever a launcher has read since. The same as what this
 * process begins with if that is what is written down.
 */
export function inForceOf(
  role: SupervisorRole,
  first: FirstConfiguration,
  { hasPredecessor }: Pick<ServiceMemory, "hasPredecessor">,
): FirstConfiguration {
  if (role.handover === null || !hasPredecessor) return first;
  const saved = takeSavedConfiguration(role.directories.runtime);
  if (saved === null) return { ...first, note: withoutSaved(role) };
  return saved.text === first.text ? { ...first, isSaved: true } : saved;
}

function withoutSaved({ directories }: SupervisorRole): string {
  const path = configurationFileOf(directories.runtime);
  return `"${path}", by which the supervisor before this one went, is gone or cannot be read: the definitions count as they are in the files now, also for services that were started with others; to have those run by them, restart them`;
}

/** What the predecessor went by; null if it could not write that down, or it cannot be read, or may be somebody else's. */
function takeSavedConfiguration(runtime: string): FirstConfiguration | null {
  try {
    const text = readOwnFile(configurationFileOf(runtime));
    const reading = decodeConfiguration(text);
    return reading.tag === "rejected" ? null : { reading, text, isSaved: true, note: null };
  } catch {
    return null;
  }
}

/** Throws also if others may have written it: the directory may have been opened to them. */
function readOwnFile(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    const isOwn = stats.isFile() && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
    if (!isOwn) throw new Error("it is not ours");
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/** The files themselves, as a last resort: the parsers take memory that this process keeps for life. */
async function readAnew(role: SupervisorRole): Promise<FirstConfiguration> {
  const { readConfiguration } = await import("./load-configuration.ts");
  const reading = readConfiguration(role);
  if (reading.tag === "rejected") throw new CannotStart([...reading.problems], EXIT.invalidConfiguration);
  return { reading, text: encodeConfiguration(reading), isSaved: false, note: withoutSaved(role) };
}

/** Writes the configuration in force down for a successor. null, or why that is not possible: then there is none of before either. */
export function saveConfiguration(runtime: string, text: string): string | null {
  const path = configurationFileOf(runtime);
  try {
    rmSync(draftOf(path), { force: true });
    writeFileSync(draftOf(path), text, { mode: 0o600, flag: "wx" });
    renameSync(draftOf(path), path);
    return null;
  } catch (error) {
    dropDraft(path);
    removeOrEmpty(path);
    return `cannot write "${path}": ${error instanceof Error && "code" in error ? String(error.code) : String(error)}`;
  }
}

/** false: what was written has been taken away since. */
export function isConfigurationSaved(runtime: string): boolean {
  return existsSync(configurationFileOf(runtime));
}

/** What is empty is no configuration: even where no name can be removed, nobody goes by what is in force no longer. */
function removeOrEmpty(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    try {
      truncateSync(path);
    } catch {
      // There is none, or it cannot be changed at all.
    }
  }
}

/** Blocks: a signal that comes meanwhile is kept for later, and the launcher's end is the end of the wait too. */
function isHandedOver(pipe: number): boolean {
  const byte = new Uint8Array(1);
  let result: ReadResult;
  do result = readPipe(pipe, byte, { offset: 0, most: 1 });
  while (result.tag === "empty");
  closeDescriptor(pipe);
  return result.tag === "read";
}

export class ConfigurationReader {
  readonly #role: ReadingRole;
  readonly #ports: HelperPorts;
  #last: ReadConfiguration;

  constructor(role: SupervisorRole, first: ReadConfiguration, ports: HelperPorts) {
    const { options, directories, invokingUid } = role;
    this.#role = { tag: "reading", options, directories, invokingUid };
    this.#last = first;
    this.#ports = ports;
  }

  /** What was last read without a fault. */
  get latest(): ReadConfiguration {
    return this.#last;
  }

  /** Reads the files as if this file said what is asked of templates. What was read last stays so. */
  async tryOut(instancesFile: string): Promise<ConfigurationReading> {
    return parseReading(await this.#readInProcess({ ...this.#role, instancesFile }));
  }

  /**
   * What is asked of templates has been changed since the files were read last. Of what was tried only this counts: which
   * services of those that are meant there are. All else waits for a reload.
   */
  remember(
    instances: ReadConfiguration["instances"],
    isMeant: (service: string) => boolean,
    tried: Pick<ReadConfiguration, "definitions" | "unfit">,
  ): void {
    const last = this.#last;
    const known = new Map(last.definitions.map((definition) => [definition.name, definition]));
    const others = last.definitions.filter(({ name }) => !isMeant(name));
    const meant = tried.definitions.filter(({ name }) => isMeant(name));
    const definitions = [...others, ...meant.map((definition) => known.get(definition.name) ?? definition)];
    const unfit = Object.fromEntries(
      definitions.flatMap(({ name }) => {
        const reason = (known.has(name) ? last : tried).unfit[name];
        return reason === undefined ? [] : [[name, reason]];
      }),
    );
    this.#last = { ...last, definitions, unfit, instances, fingerprint: "" };
  }

  /** Reads the files again; if they are the ones of the last time, there is nothing to read. */
  async read(): Promise<ConfigurationReading> {
    const now = fingerprintOf(this.#role.options.config, { at: Date.now(), elsewhere: this.#last.used });
    if (now !== "" && now === this.#last.fingerprint && this.#last.warnings.length === 0) return this.#last;
    const reading = parseReading(await this.#readInProcess(this.#role));
    if (reading.tag === "loaded") this.#last = reading;
    return reading;
  }

  async #readInProcess(role: ReadingRole): Promise<string> {
    const helper = { path: OWN_PROGRAM, title: "reading the configuration", role, passed: null };
    return (await runHelper({ ...helper, timeout: READING_TIMEOUT, most: MOST_BYTES }, this.#ports)).text;
  }
}

function parseReading(text: string): ConfigurationReading {
  const { frames, other } = parseFrames(text);
  if (frames[0] !== undefined) return decodeConfiguration(frames[0]);
  return {
    tag: "rejected",
    problems: [`cannot read the configuration: the reading process ended early: ${other.trim() || "it said nothing"}`],
  };
}
