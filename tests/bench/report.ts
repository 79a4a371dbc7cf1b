import { readFileSync, writeFileSync } from "node:fs";
import { type Figure, renderAgainst, renderSample, renderVerdict } from "./figure.ts";
import type { ThreadWork } from "./process-figures.ts";

export interface Report {
  /** Of the part that was measured. */
  readonly title: string;
  readonly date: string;
  readonly machine: string;
  readonly load: string;
  /** How many measurements began although the machine was busy with something else. */
  readonly disturbed: number;
  readonly count: number;
  readonly figures: readonly Figure[];
  readonly idle: readonly ThreadWork[];
}

/** The figures as Markdown. */
export function renderReport(report: Report): string {
  const { figures, idle } = report;
  const head = [
    `### ${report.title}\n`,
    `Measured ${report.date} by \`bun run bench\`: ${report.machine}; ${report.count} services; load ${report.load} before it began; ${report.disturbed} measurements were begun while the machine was busy with something else.`,
    "Medians, with the least and the most in parentheses.",
  ];
  const tables = [renderTable(figureRows(figures)), renderPeers(figures), renderIdle(idle)];
  return [head.join("\n"), ...tables].filter((text) => text !== "").join("\n\n");
}

/** Puts the text between the markers of a part of the file; throws if they are not there. */
export function writeBetweenMarkers(file: string, part: string, text: string): void {
  const [begin, end] = [`<!-- ${part} begins -->\n`, `<!-- ${part} ends -->`];
  const before = readFileSync(file, "utf8");
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`cannot write "${file}": it has no lines "${begin.trim()}" and "${end}"`);
  writeFileSync(file, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
}

function figureRows(figures: readonly Figure[]): readonly (readonly string[])[] {
  const head = ["figure", "unit", "floor", "daemonsup", "against the floor", "aim", ""];
  const rows = figures.map((figure) => [
    figure.title,
    figure.unit,
    renderSample(figure.floor),
    renderSample(figure.ours),
    renderAgainst(figure),
    figure.aim?.text ?? "",
    renderVerdict(figure),
  ]);
  return [head, ...rows];
}

function renderPeers(figures: readonly Figure[]): string {
  const compared = figures.filter(({ peers }) => peers.size > 0);
  const names = [...new Set(compared.flatMap(({ peers }) => [...peers.keys()]))];
  if (names.length === 0) return "";
  const rows = compared.map(({ title, unit, floor, ours, peers }) => [
    title,
    unit,
    ...[floor, ours, ...names.map((name) => peers.get(name) ?? null)].map(renderSample),
  ]);
  return renderTable([["peers in the same run", "unit", "floor", "daemonsup", ...names], ...rows]);
}

function renderIdle(idle: readonly ThreadWork[]): string {
  if (idle.length === 0) return "";
  const rows = idle.map(({ thread, cpuMs, switches }) => [thread, cpuMs.toFixed(2), String(switches)]);
  return renderTable([["thread, while idle", "CPU ms", "wake-ups"], ...rows]);
}

function renderTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `| ${line.map((cell, column) => (cell === "---" ? "-".repeat(widths[column] ?? 3) : cell.padEnd(widths[column] ?? 0))).join(" | ")} |`,
    )
    .join("\n");
}
