/*
 * A configuration as text, on its way from the process that has read the files to the supervisor. The supervisor never
 * parses what people write: the parsers and the schema take memory that it would keep for life.
 */
import type { Definition, Settings } from "../core/definition.ts";
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

/** What JSON cannot say: a limit without bound. */
const UNLIMITED = "unlimited";

export function encodeConfiguration(reading: ConfigurationReading): string {
  if (reading.tag === "rejected") return JSON.stringify(reading);
  // Only the few definitions with limits are changed: a replacer would be called for every value of all of them.
  return JSON.stringify({ ...reading, definitions: reading.definitions.map(withWrittenBounds) });
}

/** Only ever given what `encodeConfiguration` made, by a process of our own. */
export function decodeConfiguration(text: string): ConfigurationReading {
  const reading = JSON.parse(text) as ConfigurationReading;
  if (reading.tag === "rejected") return reading;
  return { ...reading, definitions: reading.definitions.map(withBounds) };
}

function withWrittenBounds(definition: Definition): object {
  return withLimits(definition, (value) => (value === Number.POSITIVE_INFINITY ? UNLIMITED : value));
}

function withBounds(definition: Definition): Definition {
  return withLimits(definition, (value) => (value === UNLIMITED ? Number.POSITIVE_INFINITY : value)) as Definition;
}

function withLimits(definition: Definition, convert: (value: number | string) => number | string): object {
  const limits = Object.entries(definition.limits);
  if (limits.length === 0) return definition;
  const converted = limits.map(([name, { soft, hard }]) => [name, { soft: convert(soft), hard: convert(hard) }]);
  return { ...definition, limits: Object.fromEntries(converted) as object };
}
