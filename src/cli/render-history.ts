import type { HistoryKind, HistoryLineView } from "../core/history-view.ts";
import type { PublicState } from "../core/service-view.ts";
import { type Look, paintState } from "./render-paint.ts";
import { type Column, renderTable } from "./render-table.ts";
import { onOneLine } from "./render-text.ts";
import { countOf, tookWordsOf } from "./render-words.ts";

/** What is said of each kind of line, and the state in whose colour. */
const KINDS: Readonly<Record<HistoryKind, readonly [words: string, colour: PublicState]>> = {
  start: ["started", "up"],
  crash: ["crashed", "failed"],
  end: ["ended", "done"],
  stop: ["stopped", "down"],
  watchdog: ["watchdog", "failed"],
  unhealthy: ["unhealthy", "failed"],
  timeout: ["timed out", "failed"],
  oom: ["out of memory", "failed"],
  lost: ["lost", "backoff"],
  begin: ["begins", "up"],
  over: ["over", "down"],
  reload: ["reload", "waiting"],
  upgrade: ["upgrade", "waiting"],
  "start-failed": ["not started", "failed"],
  failed: ["failed", "failed"],
  removed: ["removed", "down"],
  problem: ["problem", "failed"],
  left: ["left", "backoff"],
};

export function kindWordsOf(kind: HistoryKind): string {
  return KINDS[kind][0];
}

const COLUMNS: readonly Column[] = [
  { title: "TIME", align: "left", least: null },
  { title: "SERVICE", align: "left", least: 8 },
  { title: "RUN", align: "right", least: null },
  { title: "WHAT", align: "left", least: null },
  { title: "DETAILS", align: "left", least: 10 },
];
const WHAT = 3;

/** The past as a table, oldest first. */
export function renderHistory(lines: readonly HistoryLineView[], look: Look): readonly string[] {
  const rows = lines.map((line) => [
    timeOf(line.at),
    line.service === null ? "-" : onOneLine(line.service),
    line.run === null ? "-" : String(line.run),
    kindWordsOf(line.kind),
    detailsOf(line),
  ]);
  return renderTable(COLUMNS, rows, {
    width: look.width,
    mark: look.mark,
    paint(cell, row, column) {
      const line = lines[row];
      return column === WHAT && line !== undefined ? paintState(cell, KINDS[line.kind][1], look) : cell;
    },
  });
}

/** "exited 1 after 3s, 12 runs like it before". */
function detailsOf({ message, ran_ms: ran, repeated, kind, pid }: HistoryLineView): string {
  const words = [onOneLine(message), ran === null ? "" : `after ${tookWordsOf(ran)}`].filter((word) => word !== "");
  const text = kind === "start" && pid !== null ? `${words.join(" ")} (pid ${pid})` : words.join(" ");
  if (repeated === 0) return text;
  return `${text}, ${kind in RUN_KINDS ? countOf(repeated, "run") : countOf(repeated, "time")} like it before`;
}

const RUN_KINDS: Readonly<Partial<Record<HistoryKind, true>>> = {
  crash: true,
  end: true,
  watchdog: true,
  unhealthy: true,
  timeout: true,
  oom: true,
  lost: true,
};

/** To the second: what happened in one of them stands in its order. */
function timeOf(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}
