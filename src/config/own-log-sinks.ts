import type * as z from "zod";
import type { LogPolicy, SyslogFacility } from "../core/log-policy.ts";
import { isTable, valueAt, type Table } from "./document.ts";
import { faultAt, type Fault } from "./fault.ts";
import { logFaultsOf } from "./log-checks.ts";
import { logSchema } from "./log-schema.ts";
import { logOf } from "./normalize-log.ts";
import { quote } from "./problem.ts";
import type { settingsSchema } from "./settings-schema.ts";

type ParsedOwnLog = z.output<typeof settingsSchema>["log"];

/** Where the supervisor's own log goes beside its file. The checks across keys have found nothing wrong. */
export function ownSinksOf({ to, sinks }: ParsedOwnLog, facility: SyslogFacility): LogPolicy["sinks"] {
  const further = to.filter((name) => name !== "file");
  if (further.length === 0) return [];
  return logOf({ ...logSchema.parse({}), facility, to: further, sinks }, (path) => path).sinks;
}

/** What the keys of the supervisor's own [log] say together. */
export function ownLogFaultsOf(table: Table): Fault[] {
  const { log } = table;
  if (!isTable(log)) return [];
  const { to, sinks } = log;
  const faults = logFaultsOf({ log: { to, sinks } }, {});
  if (Array.isArray(to)) {
    if (!to.includes("file"))
      faults.push(faultAt(["log", "to"], `want "file" in it, as that remains when nothing else takes its lines`));
    const index = to.indexOf("syslog");
    if (index >= 0) faults.push(faultAt(["log", "to", index], `[syslog] says what goes there, want no "syslog"`));
  }
  for (const [name, sink] of Object.entries(isTable(sinks) ? sinks : {})) {
    const type = isTable(sink) ? sink["type"] : null;
    if (type === "file" || type === "syslog")
      faults.push(faultAt(["log", "sinks", name, "type"], `got ${quote(type)}, want "remote" or "service"`));
    const ca = valueAt(log, ["sinks", name, "ca"]);
    if (typeof ca === "string" && !ca.startsWith("/"))
      faults.push(faultAt(["log", "sinks", name, "ca"], `got ${quote(ca)}, want an absolute path`));
  }
  return faults;
}
