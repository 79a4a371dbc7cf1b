import { isTable, valueAt, type Path, type Table } from "./document.ts";
import { faultAt, type Fault } from "./fault.ts";
import { quote } from "./problem.ts";

/** What keys may say all the same for which somebody would have to read the lines: what is so without them. */
type Usual = Readonly<Record<string, unknown>>;

/** Keys of what is written and how, which [defaults] must not say either: the service would write something else. */
const SAID_OF_LINES: Usual = {
  to: ["file"],
  format: "plain",
  stamp: "none",
  priority: "debug",
  include: [],
  exclude: [],
};

/** Keys of what holds up or cuts what is read: where nobody reads, what [defaults] say of it concerns only others. */
const SAID_OF_READING: Usual = {
  rate: undefined,
  multiline: undefined,
  when_slow: "block",
  buffer: undefined,
};

/** What cannot be had of lines that nobody reads, as the service writes its files itself. `own` is without what comes from [defaults]. */
export function directFaultsOf(log: Table, own: Table): Fault[] {
  if (log["direct"] !== true) return signalFaultsOf(log);
  return [
    ...lineFaultsOf(log, ["log"], SAID_OF_LINES),
    ...lineFaultsOf(own, ["log"], SAID_OF_READING),
    ...lineFaultsOf(valueAt(log, ["stderr"]), ["log", "stderr"], SAID_OF_LINES),
    ...lineFaultsOf(valueAt(own, ["stderr"]), ["log", "stderr"], SAID_OF_READING),
    ...fatalSignalFaultsOf(log),
  ];
}

/** Readiness by a line of the output, which nobody would see. */
export function directReadinessFaultsOf(table: Table): Fault[] {
  if (valueAt(table, ["log", "direct"]) !== true || valueAt(table, ["ready", "log"]) === undefined) return [];
  const reason = `nobody would see the line, as the service writes its log itself (log.direct), want another kind of readiness`;
  return [{ path: ["ready", "log"], at: "key", reason, suggestion: `take "direct" out of [log]` }];
}

function lineFaultsOf(table: unknown, path: Path, keys: Usual): Fault[] {
  if (!isTable(table)) return [];
  return Object.entries(keys).flatMap(([key, usual]) => {
    const said = table[key];
    if (said === undefined || JSON.stringify(said) === JSON.stringify(usual)) return [];
    const wanted = usual === undefined ? `no "${key}"` : `no "${key}" or ${JSON.stringify(usual)}`;
    const reason = `the service writes its log itself (direct), and nobody reads its lines, want ${wanted}`;
    return [{ path: [...path, key], at: "key", reason, suggestion: null }];
  });
}

function signalFaultsOf({ rotate_signal: signal }: Table): Fault[] {
  if (signal === undefined) return [];
  const reason = `it would never be sent: the supervisor writes the log`;
  return [{ path: ["log", "rotate_signal"], at: "key", reason, suggestion: "write direct = true beside it" }];
}

function fatalSignalFaultsOf({ rotate_signal: signal }: Table): Fault[] {
  if (typeof signal !== "string" || !/^(SIG)?(KILL|STOP)$/i.test(signal)) return [];
  return [
    faultAt(["log", "rotate_signal"], `got ${quote(signal)}, want a signal that a program can handle, like "SIGUSR1"`),
  ];
}
