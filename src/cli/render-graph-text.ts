import type { GraphNode, GraphView } from "../core/graph-view.ts";
import { levelsOf } from "./graph-levels.ts";
import { type Look, paintState } from "./render-paint.ts";
import { type Column, renderTable } from "./render-table.ts";
import { onOneLine } from "./render-text.ts";
import { tookWordsOf } from "./render-words.ts";
import { foldText } from "./wrap-text.ts";

const ORDER: readonly Column[] = [
  { title: "STEP", align: "right", least: null },
  { title: "NAME", align: "left", least: 12 },
];
const TIMES: readonly Column[] = [
  { title: "STATE", align: "left", least: null },
  { title: "WAITED", align: "right", least: null },
  { title: "TOOK", align: "right", least: null },
];
const LINKS: readonly Column[] = [{ title: "LINKS", align: "left", least: 7 }];
const STATE_COLUMN = 2;
const LEAST_FOR_TIMES = 60;

/** The services by steps, with what links them and, of a running supervisor, how long each took; below it the critical path. */
export function renderGraphText(graph: GraphView, look: Look): readonly string[] {
  const isRunning = graph.services.some(({ state }) => state !== null);
  const critical = new Set(graph.critical_path);
  const rows = levelsOf(graph.services).flatMap((nodes, level) =>
    nodes.map((node, index) => ({ node, step: index === 0 ? String(level + 1) : "" })),
  );
  // What a narrow terminal has no room for: how long each took is said of the critical path below.
  const isNarrow = look.width !== null && look.width < LEAST_FOR_TIMES;
  const shownTimes = isRunning ? (isNarrow ? 1 : TIMES.length) : 0;
  const cells = rows.map(({ node, step }) => [
    step,
    `${onOneLine(node.name)}${critical.has(node.name) ? " *" : ""}`,
    ...timesOf(node).slice(0, shownTimes),
    linksOf(node),
  ]);
  const table = renderTable([...ORDER, ...TIMES.slice(0, shownTimes), ...LINKS], cells, {
    width: look.width,
    mark: look.mark,
    paint(cell, row, column) {
      const state = rows[row]?.node.state ?? null;
      return column === STATE_COLUMN && state !== null ? paintState(cell, state, look) : cell;
    },
  });
  const path = pathOf(graph);
  if (path === null) return table;
  return [...table, "", ...(look.width === null ? [path] : foldText(path, look.width))];
}

function timesOf({ state, start }: GraphNode): readonly string[] {
  const [waited, took] = [start?.waited_ms ?? null, start?.took_ms ?? null];
  return [state ?? "-", waited === null ? "-" : tookWordsOf(waited), took === null ? "-" : tookWordsOf(took)];
}

function linksOf({ requires, wants, after, before, conflicts }: GraphNode): string {
  const required = requires.map(({ name, restart_with: isBound }) => (isBound ? `${name} (restarts with it)` : name));
  const kinds = [
    ["requires", required],
    ["wants", wants],
    ["after", after],
    ["before", before],
    ["conflicts with", conflicts],
  ] as const;
  return kinds
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => onOneLine(`${word} ${names.join(", ")}`))
    .join("; ");
}

/** "* critical path of the last start, 1.6s: db 1.2s, app 400ms"; null: nothing was started. */
function pathOf({ services, critical_path: path }: GraphView): string | null {
  const byName = new Map(services.map((node) => [node.name, node]));
  const nodes = path.flatMap((name) => byName.get(name) ?? []);
  const last = nodes.at(-1)?.start;
  if (last === undefined || last === null) return null;
  const whole = (last.waited_ms ?? 0) + (last.took_ms ?? 0);
  const steps = nodes.map(({ name, start }) => `${onOneLine(name)} ${tookWordsOf(start?.took_ms ?? 0)}`);
  return `* critical path of the last start, ${tookWordsOf(whole)} in all: ${steps.join(", ")}`;
}
