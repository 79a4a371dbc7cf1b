/*
 * A configuration as text, on its way from the process that has read the files to the supervisor. The supervisor never
 * parses what people write: the parsers and the schema take memory that it would keep for life.
 */
import type { Definition, Limit, Settings } from "../core/definition.ts";

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
  /** Of the files at the time they were read. */
  readonly fingerprint: string;
}

export interface RefusedConfiguration {
  readonly tag: "rejected";
  readonly problems: readonly string[];
}

export type ConfigurationReading = ReadConfiguration | RefusedConfiguration;

/** What JSON cannot say: a limit without bound. */
const UNLIMITED = "unlimited";

export function encodeConfiguration(reading: ConfigurationReading): string {
  return JSON.stringify(reading, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? UNLIMITED : value));
}

/** Only ever given what `encodeConfiguration` made, by a process of our own. */
export function decodeConfiguration(text: string): ConfigurationReading {
  const reading = JSON.parse(text) as ConfigurationReading;
  if (reading.tag === "rejected") return reading;
  return { ...reading, definitions: reading.definitions.map(withBounds) };
}

function withBounds(definition: Definition): Definition {
  const limits = Object.entries(definition.limits).map(
    ([name, limit]) => [name, { soft: boundOf(limit.soft), hard: boundOf(limit.hard) }] as const,
  );
  return limits.length === 0 ? definition : { ...definition, limits: Object.fromEntries<Limit>(limits) };
}

function boundOf(value: number | string): number {
  return typeof value === "string" ? Number.POSITIVE_INFINITY : value;
}
