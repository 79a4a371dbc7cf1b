import type * as z from "zod";
import type { ControlSettings, Settings } from "../core/definition.ts";
import { openConfigFile, type ConfigFile } from "./config-file.ts";
import { without } from "./defaults.ts";
import { definitionSchema } from "./definition-schema.ts";
import { isTable, type Path, type Table } from "./document.ts";
import { withoutVariables } from "./expand-table.ts";
import { explainIssues } from "./explain-issues.ts";
import { faultAt, type Fault } from "./fault.ts";
import { metaOf, tableShapeOf } from "./key-meta.ts";
import { isLaterKey, isLaterSetting } from "./later-keys.ts";
import type { MachineCheck } from "./machine-faults.ts";
import { ownLogFaultsOf, ownSinksOf } from "./own-log-sinks.ts";
import { parseKeys } from "./parse-keys.ts";
import { parsePlainTable } from "./plain-table.ts";
import type { Problem } from "./problem.ts";
import { rotationOf } from "./rotation-keys.ts";
import { loadTcpFiles } from "./tcp-files.ts";
import { settingsSchema } from "./settings-schema.ts";

/** daemonsup.toml as far as it could be read. */
export interface LoadedSettings {
  readonly settings: Settings;
  /** [defaults] without what is wrong in it, as written. */
  readonly defaults: Table;
  /** For pointing at something in [defaults]; null without a file. */
  readonly file: ConfigFile | null;
  readonly problems: readonly Problem[];
}

/** The settings of a directory without daemonsup.toml. */
export function defaultSettings(): LoadedSettings {
  return { settings: settingsOf(settingsSchema.parse({})), defaults: {}, file: null, problems: [] };
}

/** Judges the text of daemonsup.toml. Users and groups in it are asked for at once: without them nothing can start. */
export function parseSettings(
  { display, text }: { readonly display: string; readonly text: string },
  machine: MachineCheck,
): LoadedSettings {
  const opened = openConfigFile({ display, format: "toml", text });
  if (opened.tag === "faulty") return { ...defaultSettings(), problems: opened.problems };
  const { file } = opened;
  const plain = parsePlainTable(file.value);
  if (plain.tag === "faulty") return { ...defaultSettings(), problems: [file.problemAt(plain.fault)] };

  const defaults = judgeDefaults(plain.table["defaults"]);
  const result = settingsSchema.safeParse(plain.table);
  const faults = result.success
    ? []
    : explainIssues(result.error.issues, { schema: settingsSchema, value: plain.table, isLater: isLaterSetting });
  const problems = [...defaults.faults, ...faults, ...ownLogFaultsOf(plain.table)].map((fault) =>
    file.problemAt(fault),
  );
  if (!result.success || problems.length > defaults.faults.length)
    return { ...defaultSettings(), defaults: defaults.sound, file, problems };
  const settings = settingsOf(result.data);
  const unusable = [...accountFaultsOf(settings, machine), ...tcpFaultsOf(settings)];
  problems.push(...unusable.map((fault) => file.problemAt(fault, "use")));
  return { settings, defaults: defaults.sound, file, problems };
}

/** Why daemonsup.toml could not be read at all. */
export function unreadableSettings(problem: Problem): LoadedSettings {
  return { ...defaultSettings(), problems: [problem] };
}

function judgeDefaults(value: unknown): { readonly sound: Table; readonly faults: readonly Fault[] } {
  if (value === undefined) return { sound: {}, faults: [] };
  if (!isTable(value)) return { sound: {}, faults: [faultAt(["defaults"], "want a table of keys for all services")] };
  const unshared = unsharedFaultsOf(value, definitionSchema, []);
  const shared = unshared.reduce<Table>((table, fault) => without(table, fault.path), value);
  const judged = withoutVariables(shared);
  const wrong = wrongIn(judged);
  const faults = [...unshared, ...wrong];
  return {
    sound: wrong.reduce<Table>((table, fault) => without(table, fault.path), shared),
    faults: faults.map((fault) => ({ ...fault, path: ["defaults", ...fault.path] })),
  };
}

function wrongIn(defaults: Table): Fault[] {
  // A definition lacks nothing but its command, so with one the schema finds just what is wrong in the defaults.
  const whole = { ...defaults, command: ["true"] };
  if (parseKeys(whole) !== null) return [];
  const { error } = definitionSchema.safeParse(whole);
  if (error === undefined) throw new Error("internal error: the schema finds nothing wrong with refused defaults");
  return explainIssues(error.issues, { schema: definitionSchema, value: defaults, isLater: isLaterKey });
}

/** Keys that [defaults] must not have, as the schema says. Only of those that are there is the schema asked. */
function unsharedFaultsOf(table: Table, schema: z.core.$ZodType, above: readonly string[]): Fault[] {
  const shape = tableShapeOf(schema) ?? {};
  return Object.entries(table).flatMap(([key, value]): Fault[] => {
    const inner = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (inner === undefined || value === undefined) return [];
    const path = [...above, key];
    if (metaOf(inner).shared !== false) return isTable(value) ? unsharedFaultsOf(value, inner, path) : [];
    const reason = "it says something of one service, want only keys that can hold for all";
    return [{ path, at: "key", reason, suggestion: null }];
  });
}

function settingsOf(parsed: z.output<typeof settingsSchema>): Settings {
  const sinks = ownSinksOf(parsed.log, parsed.syslog.facility);
  const log = { level: parsed.log.level, ...rotationOf(parsed.log), sinks };
  const { keep, keep_age: keepAge, keep_size: keepSize, lines } = parsed.history;
  const history = { keep, keepAge, keepSize, lines };
  return { daemon: parsed.daemon, syslog: parsed.syslog, control: controlOf(parsed.control), log, history };
}

function controlOf({ group, status_group, tcp }: z.output<typeof settingsSchema>["control"]): ControlSettings {
  if (tcp === null) return { group, statusGroup: status_group, tcp };
  const { token_file: tokenFile, ...others } = tcp;
  return { group, statusGroup: status_group, tcp: { ...others, tokenFile } };
}

/** Nobody is let in by something weak: what guards the door is looked at before anything is started. */
function tcpFaultsOf({ control }: Settings): Fault[] {
  if (control.tcp === null) return [];
  const loaded = loadTcpFiles(control.tcp, process.geteuid?.() ?? 0);
  if (loaded.tag === "loaded") return [];
  return loaded.faults.map(({ key, reason }) => faultAt(["control", "tcp", key], reason));
}

function accountFaultsOf({ daemon, control }: Settings, machine: MachineCheck): Fault[] {
  const reasons: [Path, string | null][] = [
    [["daemon", "user"], daemon.user === null ? null : machine.userFaultOf(daemon.user)],
    [["daemon", "group"], daemon.group === null ? null : machine.groupFaultOf(daemon.group)],
    [["control", "group"], control.group === null ? null : machine.groupFaultOf(control.group)],
    [["control", "status_group"], control.statusGroup === null ? null : machine.groupFaultOf(control.statusGroup)],
  ];
  return reasons.flatMap(([path, reason]) => (reason === null ? [] : [faultAt(path, reason)]));
}
