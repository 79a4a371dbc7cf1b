import { isTable, valueAt, type Path, type Table } from "./document.ts";
import { directFaultsOf } from "./direct-log-checks.ts";
import { faultAt, type Fault } from "./fault.ts";
import { KEYS_OF_TYPES, SINK_TYPES, SINK_WANT } from "./log-schema.ts";
import { quote } from "./problem.ts";
import { nameFaultOf } from "./service-name.ts";
import { listOf, suggestNearest } from "./want.ts";

/** What the keys of [log] say together: names of sinks that there are not, and keys that say nothing of a sink. `own` is without [defaults]. */
export function logFaultsOf({ log }: Table, own: Table): Fault[] {
  if (!isTable(log)) return [];
  const sinks = isTable(log["sinks"]) ? log["sinks"] : {};
  return [
    ...directFaultsOf(log, isTable(own["log"]) ? own["log"] : {}),
    ...nameFaultsOf(log["to"], { path: ["log", "to"], sinks }),
    ...nameFaultsOf(valueAt(log, ["stderr", "to"]), { path: ["log", "stderr", "to"], sinks }),
    ...Object.entries(sinks).flatMap(([name, sink]) => (isTable(sink) ? sinkFaultsOf(name, sink) : [])),
  ];
}

function nameFaultsOf(to: unknown, { path, sinks }: { readonly path: Path; readonly sinks: Table }): Fault[] {
  if (!Array.isArray(to)) return [];
  const known = ["file", "syslog", ...Object.keys(sinks)];
  return to.flatMap((name: unknown, index) => {
    if (typeof name !== "string" || known.includes(name)) return [];
    if (name.startsWith("service:") && nameFaultOf(name.slice("service:".length)) === null) return [];
    return [faultAt([...path, index], `got ${quote(name)}, want ${SINK_WANT}`, suggestNearest(name, known))];
  });
}

/** What a sink of each type cannot do without. */
const NEEDED = { file: "file", syslog: null, remote: "address", service: "service" } as const;

function sinkFaultsOf(name: string, sink: Table): Fault[] {
  const type = SINK_TYPES.find((each) => each === sink["type"]);
  if (type === undefined) return [];
  const faults: Fault[] = [];
  const needed = NEEDED[type];
  if (needed !== null && sink[needed] === undefined) {
    const reason = `want "${needed}" in it, as a sink of type "${type}" needs one of its own`;
    faults.push({ path: ["log", "sinks", name], at: "key", reason, suggestion: null });
  }
  const { address } = sink;
  for (const key of typeof address === "string" && !address.startsWith("tls:") ? ["ca", "server_name"] : []) {
    const reason = `it says nothing of "${String(address)}", only of an address that begins with "tls://"`;
    if (sink[key] !== undefined)
      faults.push({ path: ["log", "sinks", name, key], at: "key", reason, suggestion: null });
  }
  for (const key of Object.keys(sink)) {
    const owners = SINK_TYPES.filter((each) => KEYS_OF_TYPES[each].includes(key));
    if (owners.length === 0 || owners.includes(type)) continue;
    const reason = `it says nothing of a sink of type "${type}", only of ${listOf(owners)}`;
    faults.push({ path: ["log", "sinks", name, key], at: "key", reason, suggestion: null });
  }
  return faults;
}
