import { directReadinessFaultsOf } from "./direct-log-checks.ts";
import { isTable, valueAt, type Table } from "./document.ts";
import { faultAt, type Fault } from "./fault.ts";
import { lifeFaultsOf } from "./life-checks.ts";
import { logFaultsOf } from "./log-checks.ts";
import { parseDuration } from "./quantities.ts";

/**
 * What several keys say together. It looks at the document as it was written, so that these faults are found in the
 * same run as those of single keys. `own` is without what comes from [defaults]: that may say more than one service needs.
 */
export function crossFaultsOf(table: Table, own: Table): Fault[] {
  return [
    ...forkingFaultsOf(table),
    ...policyFaultsOf(table),
    ...idleFaultsOf(own, table),
    ...reloadFaultsOf(table),
    ...lifeFaultsOf(table),
    ...logFaultsOf(table, own),
    ...directReadinessFaultsOf(table),
  ];
}

function forkingFaultsOf({ type, pid_file: pidFile }: Table): Fault[] {
  if (type === "forking" && pidFile === undefined) {
    return [
      faultAt(
        ["type"],
        `got "forking" without "pid_file", want the path of the file that the service writes its pid to`,
      ),
    ];
  }
  if (type === "forking" || pidFile === undefined) return [];
  return [
    {
      path: ["pid_file"],
      at: "key",
      reason: `only a service of type "forking" has one`,
      suggestion: `write type = "forking", or take "pid_file" out`,
    },
  ];
}

function policyFaultsOf(table: Table): Fault[] {
  const faults: Fault[] = [];
  if (table["type"] === "oneshot" && valueAt(table, ["restart", "policy"]) === "always") {
    const reason = `got "always" for a oneshot, want "on-failure", "on-abnormal" or "never", as it would be run again and again without end`;
    faults.push(faultAt(["restart", "policy"], reason, `did you mean "on-failure"?`));
  }
  const delay = valueAt(table, ["restart", "delay"]);
  const most = valueAt(table, ["restart", "max_delay"]);
  if (
    typeof delay === "string" &&
    typeof most === "string" &&
    (parseDuration(delay) ?? 0) > (parseDuration(most) ?? Number.POSITIVE_INFINITY)
  ) {
    faults.push(faultAt(["restart", "max_delay"], `got "${most}", want at least the "${delay}" of "restart.delay"`));
  }
  return faults;
}

/** Keys that say how it is started again. */
const RESTARTING = ["delay", "max_delay", "limit"] as const;

function idleFaultsOf({ restart }: Table, { health }: Table): Fault[] {
  if (!isTable(restart) || restart["policy"] !== "never" || restartsUnhealthy(health)) return [];
  return RESTARTING.filter((key) => restart[key] !== undefined).map((key) => ({
    path: ["restart", key],
    at: "key",
    reason: `it says nothing beside policy = "never"`,
    suggestion: null,
  }));
}

/** An unhealthy service is restarted whatever its policy says. */
function restartsUnhealthy(health: unknown): boolean {
  return isTable(health) && health["action"] !== "stop" && health["action"] !== "report";
}

function reloadFaultsOf(table: Table): Fault[] {
  const action = valueAt(table, ["reload", "action"]);
  const command = valueAt(table, ["reload", "command"]);
  if (action === "command" && command === undefined) {
    return [faultAt(["reload", "action"], `got "command" without "reload.command", want the command to run`)];
  }
  if (action === "command" || command === undefined) return [];
  return [
    {
      path: ["reload", "command"],
      at: "key",
      reason: `it would never run`,
      suggestion: `write action = "command" beside it`,
    },
  ];
}
