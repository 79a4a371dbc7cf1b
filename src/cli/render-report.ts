import type { ReportView } from "../core/history-view.ts";
import { kindWordsOf } from "./render-history.ts";
import { type Look, paintFaint, paintState } from "./render-paint.ts";
import { sizeWordsOf } from "./render-sizes.ts";
import { cutTo, onOneLine } from "./render-text.ts";
import { agoWordsOf, countOf, tookWordsOf } from "./render-words.ts";
import { foldText } from "./wrap-text.ts";

export interface ReportPage {
  readonly report: ReportView;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The last lines of output that are shown; null: all that there are. */
  readonly most: number | null;
}

/** Narrower terminals are spared the date of each line. */
const ROOM_FOR_DATES = 100;

const LABEL_WIDTH = "restarts".length;
const LABEL_CELLS = LABEL_WIDTH + 4;

/** Everything that is kept of one run: how it ended first, what it said last. */
export function renderReport(page: ReportPage, look: Look): readonly string[] {
  const { report, now } = page;
  const state = report.ended === null ? "is running" : kindWordsOf(report.cause ?? "lost");
  const title = `${onOneLine(report.service)}: run ${report.run} ${state}${report.reason === null ? "" : `: ${onOneLine(report.reason)}`}`;
  const facts = factsOf(report, now).flatMap(([label, value]) =>
    value === null || value === "" ? [] : factLines(label, onOneLine(value), look),
  );
  const own = report.own.map(({ at, text }) => timedLine(at, text, look));
  return [
    cut(title, look).replace(state, () => paintState(state, report.report ? "failed" : "done", look)),
    ...facts,
    ...(own.length === 0 ? [] : ["  what the supervisor said of it", ...own]),
    ...outputLines(page, look),
  ];
}

type Fact = readonly [label: string, value: string | null];

function factsOf(report: ReportView, now: number): readonly Fact[] {
  const { began, ended, ran_ms: ran, repeated, usage } = report;
  return [
    ["began", `${timeWithAgo(began, now)}, ${report.began_because}`],
    ["ended", ended === null ? null : `${timeWithAgo(ended, now)}${ran === null ? "" : `, after ${tookWordsOf(ran)}`}`],
    ["because", report.ended_because],
    ["pid", String(report.pid)],
    ["restarts", String(report.restarts)],
    ["used", usage === null ? null : usageWordsOf(usage)],
    ["like it", repeated === 0 ? null : `${countOf(repeated, "run")} before it ended the same way`],
  ];
}

/** "1.2s of processor time (user 1s, system 0.2s), at most 63MiB of memory". */
function usageWordsOf(usage: NonNullable<ReportView["usage"]>): string {
  const { user_ms: user, system_ms: system, peak_rss: peak, peak_rss_exact: isExact } = usage;
  const time = `${tookWordsOf(user + system)} of processor time (user ${tookWordsOf(user)}, system ${tookWordsOf(system)})`;
  return `${time}, ${isExact ? "a peak of" : "at most"} ${sizeWordsOf(peak)} of memory`;
}

function outputLines({ report, most }: ReportPage, look: Look): readonly string[] {
  const { lines } = report;
  if (lines === null) return report.report ? ["  its last lines could not be had, see its log"] : [];
  if (lines.length === 0) return ["  it said nothing"];
  const shown = most === null ? lines : most === 0 ? [] : lines.slice(-most);
  const left = lines.length - shown.length;
  const whose = report.lines_are_older ? "the last lines of a run shortly before" : "its last lines";
  const more = left === 0 ? "" : ` (${left} more with -n ${lines.length})`;
  return [`  ${whose}${more}`, ...shown.map(({ at, text }) => timedLine(at, text, look))];
}

function factLines(label: string, text: string, look: Look): readonly string[] {
  const lines = look.width === null ? [text] : foldText(text, Math.max(8, look.width - LABEL_CELLS));
  return lines.map((line, index) => cut(`  ${(index === 0 ? label : "").padEnd(LABEL_WIDTH)}  ${line}`, look));
}

function timedLine(at: string, text: string, look: Look): string {
  const time = look.width === null || look.width >= ROOM_FOR_DATES ? at : at.slice(11);
  return cut(`    ${time} ${onOneLine(text)}`, look).replace(time, () => paintFaint(time, look));
}

function timeWithAgo(iso: string, now: number): string {
  return `${iso} (${agoWordsOf(iso, now)})`;
}

function cut(line: string, { width, mark }: Look): string {
  return width === null ? line : cutTo(line, width, mark);
}
