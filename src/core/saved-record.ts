/*
 * The record of a service as text, so that a successor of this supervisor goes on with it. What is read comes from a
 * supervisor that may have been another version, out of a file that others may have written to: it counts only if it is whole.
 */
import type { Definition } from "./definition.ts";
import { definitionOf, writtenDefinition } from "./definition-text.ts";
import type { ServiceAction } from "./service-event.ts";
import { AT_FIRST, type ServiceRecord, newRecord } from "./service-record.ts";
import type { ServiceState } from "./service-state.ts";
import type { WallTime } from "./units.ts";

/** 1: the record alone. 2: with what was to be done, and the run. */
export const SAVED_VERSION = 2;

/** What a successor is left of a service. */
export interface SavedService {
  readonly record: ServiceRecord;
  /** What was to be done when the record became what it is. */
  readonly actions: readonly ServiceAction[];
  /** The number under which the output of the latest run is read; null: there was none. */
  readonly run: number | null;
}

/** The definition that the configuration in force has for a service; null: none. */
export type Standing = (service: string) => Definition | null;

export type SavedReading =
  | { readonly tag: "ok"; readonly saved: SavedService }
  /** `reason` is a clause: "its definition is not known". */
  | { readonly tag: "refused"; readonly reason: string };

const STANDING = "standing";
const AS_AT_FIRST = Object.keys(AT_FIRST) as readonly (keyof typeof AT_FIRST)[];

/** A definition that is the one in force (`standing`) is left out: the configuration is written down beside the records. */
export function encodeSaved({ record, actions, run }: SavedService, standing: Definition | null): string {
  const { definition, next, state, since, want } = record;
  const written: Record<string, unknown> = { state, since, want };
  written["definition"] = definition === standing ? STANDING : writtenDefinition(definition);
  written["next"] = next === null ? null : next === standing ? STANDING : writtenDefinition(next);
  // What is as it is at first is left out: that is most of it, and this is written several times for each start of a service.
  for (const field of AS_AT_FIRST) if (record[field] !== AT_FIRST[field]) written[field] = record[field];
  return JSON.stringify({ run, actions, record: written });
}

/** What a supervisor of an earlier version has written, as this one would have; null: it cannot be told. */
export function convertSaved(text: string, version: number): string | null {
  return version === 1 ? `{"run":null,"actions":[],"record":${text}}` : null;
}

/** Never throws. `service`: under whose name it was found. */
export function decodeSaved(text: string, service: string, standing: Standing): SavedReading {
  const parsed = parse(text);
  if (!isObject(parsed) || !isObject(parsed["record"])) return refused("it is no record");
  const { run, actions } = parsed;
  if (!orNull(isNumber)(run)) return wrong("run");
  if (!Array.isArray(actions) || !actions.every(isAction)) return wrong("actions");
  const { definition: written, next: writtenNext, ...rest } = parsed["record"];
  const definition = readDefinition(written, service, standing);
  if (definition === null) return refused("its definition is not known");
  const next = writtenNext === null ? null : readDefinition(writtenNext, service, standing);
  if (writtenNext !== null && next === null) return refused("its next definition is not known");
  const missing = ESSENTIAL.find((name) => rest[name] === undefined);
  if (missing !== undefined) return wrong(missing);
  const record: ServiceRecord = { ...newRecord(definition, rest["since"] as WallTime), ...rest, next };
  const field = wrongOf({ ...record }, RECORD_FIELDS);
  if (field !== null) return wrong(field);
  return { tag: "ok", saved: { record, actions: actions as readonly ServiceAction[], run: run as number | null } };
}

/** What is no matter of a default; of everything else an earlier version may know nothing. */
const ESSENTIAL = ["state", "since", "want"] as const;

function wrong(field: string): SavedReading {
  return refused(`its "${field}" is not as it should be`);
}

function refused(reason: string): SavedReading {
  return { tag: "refused", reason };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// That its checksum is right, and that it is no newer than this version, vouch for the rest of it.
function readDefinition(written: unknown, service: string, standing: Standing): Definition | null {
  if (written === STANDING) return standing(service);
  if (!isObject(written) || written["name"] !== service || !isObject(written["limits"])) return null;
  return definitionOf(written);
}

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isStreak: Check = (value) =>
  isObject(value) &&
  isNumber(value["failures"]) &&
  Array.isArray(value["restartedAt"]) &&
  value["restartedAt"].every(isNumber);
const isExit: Check = (value) => isObject(value) && isOneOf(value["tag"], ["code", "signal", "unknown"]);
const isLastExit: Check = (value) =>
  isObject(value) && isNumber(value["at"]) && isExit(value["exit"]) && isText(value["reason"]);

function isOneOf(value: unknown, words: readonly string[]): boolean {
  return typeof value === "string" && words.includes(value);
}

function oneOf(...words: readonly string[]): Check {
  return (value) => isOneOf(value, words);
}

function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

const isEnding: Check = (value) =>
  isObject(value) &&
  orNull(isExit)(value["exit"]) &&
  isText(value["result"]) &&
  isNumber(value["length"]) &&
  isText(value["reason"]);

const isAfterwards: Check = (value) => {
  if (!isObject(value)) return false;
  if (value["tag"] === "judge") return isEnding(value["ending"]);
  if (value["tag"] === "fail") return isText(value["reason"]);
  return isOneOf(value["tag"], ["rest", "start-anew", "enable", "judge-exit"]);
};

const ACTIONS: Readonly<Record<ServiceAction["tag"], true>> = {
  spawn: true,
  "signal-main": true,
  "signal-all": true,
  "kill-main": true,
  "kill-all": true,
  "run-stop-command": true,
  "run-reload-command": true,
  relay: true,
  "restart-in-order": true,
  look: true,
  "drop-look": true,
  "run-hook": true,
  "kill-hook": true,
  "drop-hook": true,
  "tell-failure": true,
  "leave-rest": true,
  "note-ended-by-relay": true,
  "report-unkillable": true,
  "end-supervisor": true,
};

const isAction: Check = (value) =>
  isObject(value) && isText(value["tag"]) && Object.hasOwn(ACTIONS, String(value["tag"]));

const RUN = { streak: isStreak, startedAt: isNumber, pid: isNumber };
const isForce = oneOf("asked", "overdue", "killed");
const isScope = oneOf("group", "mixed", "main");

/** What each state carries. */
const STATE_FIELDS: Readonly<Record<ServiceState["tag"], Readonly<Record<string, Check>>>> = {
  down: { why: oneOf("never-started", "stopped", "reset", "condition") },
  waiting: {
    streak: isStreak,
    automatic: isFlag,
    on: oneOf("others", "schedule", "socket"),
    reason: isText,
    pending: isFlag,
  },
  preparing: {
    doing: oneOf("look", "hook", "read"),
    streak: isStreak,
    automatic: isFlag,
    startedAt: isNumber,
    afterwards: orNull(isAfterwards),
  },
  launching: { streak: isStreak, automatic: isFlag, startedAt: isNumber },
  execing: { ...RUN, killAt: isNumber },
  starting: { ...RUN, phase: oneOf("work", "fork", "ready", "hook"), readyBy: orNull(isNumber) },
  naming: { streak: isStreak, startedAt: isNumber, readyBy: isNumber },
  up: { ...RUN, relayedAt: orNull(isNumber) },
  leaving: { ...RUN, afterwards: isAfterwards },
  stopping: { ...RUN, scope: isScope, force: isForce, until: isNumber, afterwards: isAfterwards },
  sweeping: { streak: isStreak, force: isForce, until: isNumber, afterwards: isAfterwards },
  stuck: { streak: isStreak, scope: isScope, afterwards: isAfterwards },
  cleaning: { streak: isStreak, afterwards: isAfterwards },
  backoff: { streak: isStreak, retryAt: isNumber, reason: isText },
  done: {},
  failed: { reason: isText },
};

const isState: Check = (value) => {
  if (!isObject(value) || !isText(value["tag"])) return false;
  const tag = value["tag"] as string;
  if (!Object.hasOwn(STATE_FIELDS, tag)) return false;
  if (tag === "down" && value["why"] === "condition" && !isText(value["reason"])) return false;
  return wrongOf(value, STATE_FIELDS[tag as ServiceState["tag"]]) === null;
};

const isAsked: Check = (value) =>
  isObject(value) && isOneOf(value["how"], ["start-asked", "enable-asked", "restart-asked"]) && isFlag(value["byHand"]);

const RECORD_FIELDS: Readonly<Record<Exclude<keyof ServiceRecord, "definition" | "next">, Check>> = {
  state: isState,
  since: isNumber,
  want: oneOf("up", "down"),
  held: orNull(oneOf("stop-asked", "restart-asked", "hold-asked")),
  asked: orNull(isAsked),
  health: orNull(oneOf("starting", "healthy", "unhealthy")),
  status: orNull(isText),
  reloading: isFlag,
  dueAt: orNull(isNumber),
  wantedByHand: isFlag,
  restarts: isNumber,
  lastExit: orNull(isLastExit),
  startedAt: orNull(isNumber),
  removed: isFlag,
  stale: isFlag,
  endsOnRelay: isFlag,
  note: orNull(isText),
  beside: isObject,
};

function wrongOf(value: Readonly<Record<string, unknown>>, fields: Readonly<Record<string, Check>>): string | null {
  // No list of them is made: it would be for each of a thousand records, while somebody waits for a successor to answer.
  for (const name in fields) if (fields[name]?.(value[name]) !== true) return name;
  return null;
}
