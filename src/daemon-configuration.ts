/*
 * Where the supervisor gets its configuration from: at the start from the launcher, at a reload from a process that reads
 * the files and ends. So the parsers cost the supervisor neither memory nor time, and cannot take it down.
 * Part of the composition root.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
import { draftOf, dropDraft } from "./os/draft-file.ts";
import { takeMemoryFile } from "./os/memory-file.ts";
import { type ReadResult, closeDescriptor, readPipe } from "./os/pipe-io.ts";
import { randomHex } from "./os/random-hex.ts";
import { type ReadingRole, type SupervisorRole, parseFrames, roleEnvironment } from "./role.ts";
import { placeholderFor } from "./supervisor/placeholder.ts";
import type { OutputPort, ProcessPort, SpawnPort, TimerPort } from "./supervisor/ports.ts";

export interface ReaderPorts {
  readonly spawning: SpawnPort;
  readonly processes: ProcessPort;
  readonly output: OutputPort;
  readonly timers: TimerPort;
  /** A child that is no service. */
  started(pid: number): void;
  /** Its exec has not returned; if it fails, the process is reaped and its pidfd closed by whoever finds out. */
  pending(pid: number, failed: () => void): void;
}

/** How long reading may take: a file system that does not answer must not leave a reload undecided for ever. */
const READING_TIMEOUT = millis(30_000);
const CHUNK = 64 * 1024;
const SIGKILL = 9;

/** What the supervisor begins with; `text` is the same, as it is saved for a successor. */
export interface FirstConfiguration {
  readonly reading: ReadConfiguration;
  readonly text: string;
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
  return { reading, text };
}

/** What the predecessor went by; null if it could not write that down, or it cannot be read. */
export function takeSavedConfiguration(runtime: string): FirstConfiguration | null {
  try {
    const text = readFileSync(configurationFileOf(runtime), "utf8");
    const reading = decodeConfiguration(text);
    return reading.tag === "rejected" ? null : { reading, text };
  } catch {
    return null;
  }
}

/** The files themselves, as a last resort: the parsers take memory that this process keeps for life. */
async function readAnew(role: SupervisorRole): Promise<FirstConfiguration> {
  const { readConfiguration } = await import("./load-configuration.ts");
  const reading = readConfiguration(role);
  if (reading.tag === "rejected") throw new CannotStart([...reading.problems], EXIT.invalidConfiguration);
  return { reading, text: encodeConfiguration(reading) };
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
    rmSync(path, { force: true });
    return `cannot write "${path}": ${error instanceof Error && "code" in error ? String(error.code) : String(error)}`;
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
  readonly #ports: ReaderPorts;
  #last: ReadConfiguration;

  constructor(role: SupervisorRole, first: ReadConfiguration, ports: ReaderPorts) {
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

  /** What is asked of templates has been changed since the files were read last. */
  remember(instances: ReadConfiguration["instances"]): void {
    this.#last = { ...this.#last, instances, fingerprint: "" };
  }

  /** Reads the files again; if they are the ones of the last time, there is nothing to read. */
  async read(): Promise<ConfigurationReading> {
    const now = fingerprintOf(this.#role.options.config, { at: Date.now(), elsewhere: this.#last.used });
    if (now !== "" && now === this.#last.fingerprint && this.#last.warnings.length === 0) return this.#last;
    const reading = parseReading(await this.#readInProcess(this.#role));
    if (reading.tag === "loaded") this.#last = reading;
    return reading;
  }

  #readInProcess(role: ReadingRole): Promise<string> {
    const { spawning, processes, timers } = this.#ports;
    const pipe = spawning.pipe();
    if (typeof pipe === "string") return Promise.resolve(`pipe failed: ${pipe}`);
    const outcome = spawning.spawn({
      service: "daemonsup",
      path: "/proc/self/exe",
      argv: ["daemonsup", "(reading the configuration)"],
      env: roleEnvironment(role, process.env),
      definition: placeholderFor("daemonsup"),
      credentials: null,
      stdout: pipe.write,
      stderr: pipe.write,
      descriptors: [],
      isMain: false,
      wait: "program",
      invocation: randomHex(16),
    });
    processes.closeFd(pipe.write);
    if (outcome.tag === "failed") {
      processes.closeFd(pipe.read);
      return Promise.resolve(`${outcome.stage} failed: ${outcome.errno}`);
    }
    const { pid } = outcome;
    let pidfd = outcome.pidfd;
    this.#ports.started(pid);
    if (outcome.tag === "pending") this.#ports.pending(pid, () => (pidfd = null));
    const cancelTimeout = timers.after(READING_TIMEOUT, () => {
      if (pidfd !== null) processes.signal(pidfd, SIGKILL);
    });
    return this.#collect(pipe.read).finally(() => {
      cancelTimeout();
      processes.closeFd(pipe.read);
      if (pidfd !== null) processes.closeFd(pidfd);
    });
  }

  /** Everything that comes over the pipe, until its end. */
  #collect(fd: number): Promise<string> {
    const chunks: Buffer[] = [];
    const buffer = new Uint8Array(CHUNK);
    const { output } = this.#ports;
    return new Promise((resolve) => {
      const read = (): void => {
        for (;;) {
          const result = readPipe(fd, buffer, { offset: 0, most: CHUNK });
          if (result.tag === "empty") return output.watch(fd, read);
          if (result.tag !== "read") break;
          chunks.push(Buffer.from(buffer.subarray(0, result.count)));
        }
        output.unwatch(fd);
        resolve(Buffer.concat(chunks).toString());
      };
      output.watch(fd, read);
    });
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
