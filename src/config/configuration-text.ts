/*
 * A configuration as text, on its way from the process that has read the files to the supervisor. The supervisor never
 * parses what people write: the parsers and the schema take memory that it would keep for life.
 */
import type { Definition, Settings } from "../core/definition.ts";
import { definitionsOf, writtenDefinitions } from "../core/definition-text.ts";
import type { RequestedInstances } from "./templates.ts";

export interface ReadConfiguration {
  readonly tag: "loaded";
  readonly settings: Settings;
  readonly definitions: readonly Definition[];
  /** By service, what the machine lacks for it. */
  readonly unfit: Readonly<Record<string, string>>;
  /** The same as `check` shows it. */
  readonly warnings: readonly string[];
  /** Paths of the definition's fields that may change while a service runs. */
  readonly liveFields: readonly string[];
  /** Names of templates, without the @. */
  readonly templates: readonly string[];
  /** What was asked of templates beside what their files say. */
  readonly instances: RequestedInstances;
  /** Files that were read beside those in the directory, absolute. */
  readonly used: readonly string[];
  /** Of all these files at the time they were read. */
  readonly fingerprint: string;
  /** The same of each of them, by its absolute path. */
  readonly marks: Readonly<Record<string, string>>;
}

export interface RefusedConfiguration {
  readonly tag: "rejected";
  readonly problems: readonly string[];
}

export type ConfigurationReading = ReadConfiguration | RefusedConfiguration;

/** Whole definitions stand under "definitions" in what versions before have written, which do not know this name for them. */
const IN_LITTLE_ROOM = "successive";

export function encodeConfiguration(reading: ConfigurationReading): string {
  if (reading.tag === "rejected") return JSON.stringify(reading);
  const { definitions, ...rest } = reading;
  return JSON.stringify({ ...rest, [IN_LITTLE_ROOM]: writtenDefinitions(definitions) });
}

/** Only ever given what `encodeConfiguration` made, by a process of our own or of a version before. */
export function decodeConfiguration(text: string): ConfigurationReading {
  const written = JSON.parse(text) as Written;
  if (written.tag === "rejected") return written;
  const { [IN_LITTLE_ROOM]: successive, definitions, ...rest } = written;
  // A whole one is one that says everything otherwise.
  const texts = successive ?? definitions;
  if (texts === undefined) throw new Error("internal error: a configuration without definitions");
  return { ...rest, definitions: definitionsOf(texts) };
}

type Written =
  | RefusedConfiguration
  | (Omit<ReadConfiguration, "definitions"> & {
      readonly [IN_LITTLE_ROOM]?: readonly object[];
      readonly definitions?: readonly object[];
    });
