import type { Fleet } from "../core/fleet.ts";
import type { Belongings } from "./belongings.ts";
import type { Departures } from "./departures.ts";
import type { Events } from "./events.ts";
import { placeholderFor } from "./placeholder.ts";
import type { ProcessPort, Report } from "./ports.ts";
import type { Leftover } from "./predecessor.ts";

export interface TakeOverPorts {
  readonly fleet: Fleet;
  readonly belongings: Belongings;
  readonly departures: Departures;
  readonly events: Events;
  readonly processes: ProcessPort;
  readonly report: Report;
}

const MOST_NAMED = 10;

/** Has what a dead predecessor left of a service stopped properly, and says so; a service without definition goes with it. */
export function takeOver(leftover: Leftover, ports: TakeOverPorts): void {
  const { service, main, rows } = leftover;
  const { fleet, belongings, departures, events, processes, report } = ports;
  if (fleet.get(service) === null) {
    fleet.add(placeholderFor(service));
    fleet.amend(service, { removed: true });
  }
  belongings.found(leftover);
  for (const row of rows) departures.watchForeign(service, row.pid, row.pid === main);
  const named = rows.map((row) => `pid ${row.pid} (${processes.name(row.pid)})`).slice(0, MOST_NAMED);
  const message = `left running by a supervisor that died: ${named.join(", ")}; stopping ${rows.length === 1 ? "it" : "them"} first`;
  report("warning", `${service}: ${message}`);
  events.emit({ service, event: "left", state: null, previous: null, pid: main, message });
  fleet.post(service, { tag: "found-running", pid: main });
  if (fleet.get(service)?.removed === true) fleet.post(service, { tag: "stop-asked" });
}
