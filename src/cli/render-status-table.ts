import type { PublicState, ServiceView } from "../core/service-view.ts";
import { type Look, paintState } from "./render-paint.ts";
import { type Column, renderTable } from "./render-table.ts";
import { onOneLine } from "./render-text.ts";
import { agoWordsOf, untilWordsOf } from "./render-words.ts";

/** The worst first. */
const SEVERITY: Readonly<Record<PublicState, number>> = {
  failed: 0,
  backoff: 1,
  waiting: 2,
  stopping: 3,
  starting: 4,
  up: 5,
  done: 6,
  down: 7,
};

const COLUMNS: readonly Column[] = [
  { title: "NAME", align: "left", least: 12 },
  { title: "STATE", align: "left", least: null },
  { title: "SINCE", align: "left", least: null },
  { title: "PID", align: "right", least: null },
  { title: "RESTARTS", align: "right", least: null },
  { title: "LAST EXIT", align: "left", least: 9 },
  { title: "MESSAGE", align: "left", least: 7 },
];
const STATE_COLUMN = 1;

/** The services as a table, the worst first, then by name. `now` in milliseconds since 1970. */
export function renderStatusTable(services: readonly ServiceView[], now: number, look: Look): readonly string[] {
  const sorted = services.toSorted(
    (left, right) => SEVERITY[left.state] - SEVERITY[right.state] || compareText(left.name, right.name),
  );
  const rows = sorted.map((service) => [
    onOneLine(service.name),
    service.state,
    agoWordsOf(service.since, now),
    service.pid === null ? "-" : String(service.pid),
    String(service.restarts),
    service.last_exit === null ? "-" : onOneLine(service.last_exit.reason),
    noteOf(service, now),
  ]);
  return renderTable(COLUMNS, rows, {
    width: look.width,
    mark: look.mark,
    paint(cell, row, column) {
      const service = sorted[row];
      return column === STATE_COLUMN && service !== undefined ? paintState(cell, service.state, look) : cell;
    },
  });
}

/** What is worth knowing beside the state, on one line: when it starts next, why it is so, what it says of itself. */
export function noteOf(service: ServiceView, now: number): string {
  const notes = [
    service.next_start === null ? null : `starts ${untilWordsOf(service.next_start, now)}`,
    service.message,
    healthOf(service),
    service.status,
    service.stale_detail === null ? null : `stale: ${service.stale_detail}`,
  ];
  return notes
    .filter((note) => note !== null && note !== "")
    .map((note) => onOneLine(note ?? ""))
    .join("; ");
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** null: there is nothing to say, as it is healthy or nobody asks. */
function healthOf({ health, health_detail: detail }: ServiceView): string | null {
  if (health === null || health === "healthy") return null;
  return `health: ${health}${detail === null ? "" : ` (${detail})`}`;
}
