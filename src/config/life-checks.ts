import { spanOf } from "../core/check-words.ts";
import type { Millis } from "../core/units.ts";
import { READY_DEFAULTS } from "./check-schemas.ts";
import { isTable, valueAt, type Path, type Table } from "./document.ts";
import { faultAt, type Fault } from "./fault.ts";
import { quote } from "./problem.ts";
import { parseDuration } from "./quantities.ts";
import { socketFaultsOf } from "./socket-checks.ts";
import { listOf } from "./want.ts";

const CHECKS = ["tcp", "http", "command"] as const;
const METHODS = ["notify", "fd", ...CHECKS, "log"] as const;
/** Most definitions have none of these, and there are many definitions. */
const LINKS = ["requires", "wants", "after", "before", "conflicts"] as const;
const KEYS = ["ready", "health", "watchdog", "notify_access", "schedule", "sockets", ...LINKS] as const;
/** The first descriptor that is passed on; 0, 1 and 2 are taken. */
const FIRST_PASSED = 3;

/** What the keys of a service's life say together with each other and with the rest. */
export function lifeFaultsOf(table: Table): Fault[] {
  if (!KEYS.some((key) => table[key] !== undefined)) return [];
  return [
    ...methodFaultsOf(table, "ready", METHODS),
    ...methodFaultsOf(table, "health", CHECKS),
    ...paceFaultsOf(table),
    ...oneshotFaultsOf(table),
    ...descriptorFaultsOf(table),
    ...notifyFaultsOf(table),
    ...scheduleFaultsOf(table),
    ...linkFaultsOf(table),
    ...socketFaultsOf(table),
  ];
}

function methodFaultsOf(table: Table, key: "ready" | "health", methods: readonly string[]): Fault[] {
  const inner = table[key];
  if (!isTable(inner)) return [];
  const [first, ...others] = methods.filter((method) => inner[method] !== undefined && inner[method] !== false);
  if (first === undefined)
    return [{ path: [key], at: "key", reason: `want one of ${listOf(methods)} in it`, suggestion: null }];
  return others.map((method) => ({
    path: [key, method],
    at: "key",
    reason: `there is "${key}.${first}" already, want only one of ${listOf(methods)}`,
    suggestion: null,
  }));
}

/** Who asks again only when the time is over asks once. */
function paceFaultsOf({ ready }: Table): Fault[] {
  // What tells its readiness by itself is not asked.
  if (!isTable(ready) || CHECKS.every((check) => ready[check] === undefined)) return [];
  const [interval, timeout] = [readyTimeOf(ready, "interval"), readyTimeOf(ready, "timeout")];
  if (interval === null || timeout === null || interval.span < timeout.span) return [];
  const [key, got, want] =
    interval.written === null
      ? (["timeout", timeout.written, `more than ${interval.told}`] as const)
      : (["interval", interval.written, `less than ${timeout.told}`] as const);
  return [faultAt(["ready", key], `got "${got}", want ${want}, as it would be checked only once`)];
}

interface ReadyTime {
  readonly span: Millis;
  /** null: it is what it usually is. */
  readonly written: string | null;
  /** As a message says it. */
  readonly told: string;
}

/** null: nobody knows what was meant. */
function readyTimeOf(ready: Table, key: keyof typeof READY_DEFAULTS): ReadyTime | null {
  const written = ready[key];
  const usual = READY_DEFAULTS[key];
  if (written === undefined)
    return { span: usual, written: null, told: `"${spanOf(usual)}", which "ready.${key}" is unless it is written` };
  if (typeof written !== "string") return null;
  const span = parseDuration(written);
  return span === null ? null : { span, written, told: `the "${written}" of "ready.${key}"` };
}

function oneshotFaultsOf(table: Table): Fault[] {
  if (table["type"] !== "oneshot") return [];
  return ["ready", "health", "watchdog"]
    .filter((key) => table[key] !== undefined)
    .map((key) => ({
      path: [key],
      at: "key",
      reason: `a oneshot has none, as it is done when it ends`,
      suggestion: `take it out, or write type = "simple"`,
    }));
}

function descriptorFaultsOf(table: Table): Fault[] {
  const fd = valueAt(table, ["ready", "fd"]);
  if (typeof fd !== "number" || fd < FIRST_PASSED) return [];
  const sockets = isTable(table["sockets"]) ? Object.keys(table["sockets"]).length : 0;
  const free = FIRST_PASSED + sockets + storedOf(table["fd_store"]);
  if (fd >= free) return [];
  return [
    faultAt(
      ["ready", "fd"],
      `got ${fd}, want at least ${free}, as descriptors from ${FIRST_PASSED} on are for passed sockets and stored descriptors`,
    ),
  ];
}

function storedOf(store: unknown): number {
  const max = isTable(store) ? store["max"] : store;
  return typeof max === "number" && Number.isSafeInteger(max) && max > 0 ? max : 0;
}

function notifyFaultsOf(table: Table): Fault[] {
  if (table["notify_access"] !== "none") return [];
  const [key] = [
    valueAt(table, ["ready", "notify"]) === true ? "ready.notify" : null,
    table["watchdog"] === undefined ? null : "watchdog",
    table["fd_store"] === undefined ? null : "fd_store",
  ].filter((each) => each !== null);
  if (key === undefined) return [];
  return [faultAt(["notify_access"], `got "none" beside "${key}", want "main", "exec" or "all"`)];
}

function scheduleFaultsOf(table: Table): Fault[] {
  const { schedule } = table;
  if (!isTable(schedule)) return [];
  const faults: Fault[] = [];
  if (table["type"] !== "oneshot") {
    faults.push({
      path: ["schedule"],
      at: "key",
      reason: "only a oneshot has one, as only its runs come to an end by themselves",
      suggestion: `write type = "oneshot" beside it`,
    });
  }
  if (schedule["cron"] === undefined && schedule["every"] === undefined)
    faults.push({ path: ["schedule"], at: "key", reason: `want "cron" or "every" in it`, suggestion: null });
  if (schedule["cron"] !== undefined && schedule["every"] !== undefined)
    faults.push(keyFault(["schedule", "every"], `there is "schedule.cron" already, want only one of the two`));
  if (schedule["cron"] === undefined && schedule["timezone"] !== undefined)
    faults.push(keyFault(["schedule", "timezone"], `it says nothing without "schedule.cron"`));
  return faults;
}

function linkFaultsOf(table: Table): Fault[] {
  const rivals = namesIn(table["conflicts"]);
  const twice = LINKS.flatMap((key) => {
    const names = namesIn(table[key]);
    return names.flatMap((name, index) =>
      name !== null && names.indexOf(name) < index ? [faultAt([key, index], `${quote(name)} stands in it twice`)] : [],
    );
  });
  const both = ["requires", "wants"].flatMap((key) => {
    const names = namesIn(table[key]);
    return names.flatMap((name, index) =>
      name !== null && rivals.includes(name)
        ? [faultAt([key, index], `${quote(name)} stands in "conflicts" as well`)]
        : [],
    );
  });
  return [...twice, ...both];
}

/** The names of a list of links, each at its place; null for what is none. */
function namesIn(value: unknown): readonly (string | null)[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => {
    const name = isTable(item) ? item["name"] : item;
    return typeof name === "string" ? name : null;
  });
}

function keyFault(path: Path, reason: string): Fault {
  return { path, at: "key", reason, suggestion: null };
}
