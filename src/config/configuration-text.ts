/*
 * A configuration as text, on its way from the process that has read the files to the supervisor. The supervisor never
 * parses what people write: the parsers and the schema take memory that it would keep for life.
 */
import type { Definition, Settings } from "../core/definition.ts";
import { definitionOf, writtenDefinition } from "../core/definition-text.ts";
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

export function encodeConfiguration(reading: ConfigurationReading): string {
  if (reading.tag === "rejected") return JSON.stringify(reading);
  // Only the few definitions with limits are changed: a replacer would be called for every value of all of them.
  return JSON.stringify({ ...reading, definitions: reading.definitions.map(writtenDefinition) });
}

/** Only ever given what `encodeConfiguration` made, by a process of our own. */
export function decodeConfiguration(text: string): ConfigurationReading {
  const reading = JSON.parse(text) as ConfigurationReading;
  if (reading.tag === "rejected") return reading;
  return { ...reading, definitions: reading.definitions.map(definitionOf) };
}
