import type { LogLine } from "../control/control-port.ts";
import type { DetailsView, LinkView } from "../core/details-view.ts";
import { lossWordsOf } from "../core/log-loss.ts";
import type { ServiceView } from "../core/service-view.ts";
import { type Look, paintFaint, paintState } from "./render-paint.ts";
import { renderProcessTree } from "./render-process-tree.ts";
import { percentWordsOf, sizeWordsOf } from "./render-sizes.ts";
import { cutTo, onOneLine } from "./render-text.ts";
import { agoWordsOf, spanWordsOf, tookWordsOf, untilWordsOf } from "./render-words.ts";
import { healthWordsOf, remedyOf } from "./service-note.ts";
import { foldText } from "./wrap-text.ts";

/** All that a page about one service is made of. */
export interface StatusPage {
  readonly service: ServiceView;
  /** null: the supervisor could not tell. */
  readonly details: DetailsView | null;
  /** The last lines of its output, oldest first; null: what holds them does not answer. */
  readonly lines: readonly LogLine[] | null;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How this supervisor is spoken to: "daemonsup", "daemonsup --name x". */
  readonly program: string;
}

type Fact = readonly [label: string, value: string | null];

/** Everything about one service, one thing a line. */
export function renderStatusBlock(page: StatusPage, look: Look): readonly string[] {
  const { service, details, lines } = page;
  const title = onOneLine(service.description === "" ? service.name : `${service.name} - ${service.description}`);
  const facts = [...stateFacts(page), ...checkFacts(page), ...placeFacts(page)];
  const shown = facts.flatMap(([label, value]) =>
    value === null || value === "" ? [] : factLines(label, onOneLine(value), look),
  );
  const tree = details === null ? [] : renderProcessTree(details.processes, look);
  const said = lines?.map((line) => logLine(line, look)) ?? ["    cannot be read now: what holds them does not answer"];
  return [
    cut(title, look),
    ...shown.map((line, index) => (index === 0 ? paintFirst(line, service, look) : line)),
    ...(tree.length < 2 ? [] : ["  processes", ...tree.map((line) => cut(`    ${line}`, look))]),
    ...(said.length === 0 ? [] : [cut(`  last lines${logWordsOf(details)}`, look), ...said]),
  ];
}

const LABEL_WIDTH = "running for".length;
const LABEL_CELLS = LABEL_WIDTH + 4;
/** A fact that takes more lines than these says no more that way. */
const MOST_LINES = 4;
/** Narrower terminals are spared the date of each line. */
const ROOM_FOR_DATES = 100;

function factLines(label: string, text: string, look: Look): readonly string[] {
  const { width, mark } = look;
  const all = width === null ? [text] : foldText(text, Math.max(8, width - LABEL_CELLS));
  const lines = all.length <= MOST_LINES ? all : [...all.slice(0, MOST_LINES - 1), `${all[MOST_LINES - 1]}${mark}`];
  return lines.map((line, index) => cut(`  ${(index === 0 ? label : "").padEnd(LABEL_WIDTH)}  ${line}`, look));
}

function logLine({ at, text }: LogLine, look: Look): string {
  const time = look.width === null || look.width >= ROOM_FOR_DATES ? at : `${at.slice(11, 19)}Z`;
  const line = cut(`    ${time} ${onOneLine(text)}`, look);
  return line.replace(time, () => paintFaint(time, look));
}

/** The first fact is the state. */
function paintFirst(line: string, { state }: ServiceView, look: Look): string {
  return line.slice(0, LABEL_CELLS) + line.slice(LABEL_CELLS).replace(state, () => paintState(state, state, look));
}

function stateFacts({ service, now, program }: StatusPage): readonly Fact[] {
  const { last_exit: exit, next_start: next } = service;
  const state = service.state === "up" && !service.ready ? "up (not ready)" : service.state;
  const [what, words] = remedyOf(service, { now, program }) ?? ["try", null];
  return [
    ["state", `${state} since ${timeWithAgo(service.since, now)}`],
    ["wanted", service.want],
    ["message", service.message],
    [what, words === `${program} status ${service.name}` ? null : words],
    ["next start", next === null ? null : `${untilWordsOf(next, now)} (${next})`],
    ["pid", service.pid === null ? null : String(service.pid)],
    ["running for", service.uptime_ms === null ? null : spanWordsOf(service.uptime_ms)],
    ["restarts", String(service.restarts)],
    ["last exit", exit === null ? null : `${onOneLine(exit.reason)}, ${timeWithAgo(exit.at, now)}`],
    ["says", service.status],
  ];
}

function checkFacts({ service, details }: StatusPage): readonly Fact[] {
  return [
    ["ready when", details?.ready_by ?? null],
    ["checked by", details?.health_by ?? null],
    ["health", healthWordsOf(service)],
    ["last check", service.health_detail],
    ["check said", saidOf(service)],
    ["stale", service.stale_detail],
  ];
}

function placeFacts({ service, details }: StatusPage): readonly Fact[] {
  if (details === null) return [["type", service.type]];
  const { usage } = details;
  return [
    ["type", details.schedule === null ? service.type : `${service.type}, ${details.schedule}`],
    ["waits for", linkWordsOf(details.needs)],
    ["needed by", linkWordsOf(details.needed_by)],
    ["sockets", details.sockets.map(({ name, address }) => `${name} (${address})`).join(", ")],
    ["has stored", details.stored_descriptors.join(", ")],
    [
      "uses",
      usage === null
        ? null
        : `${percentWordsOf(usage.cpu_percent)} of a processor, ${tookWordsOf(usage.cpu_ms)} in all; ${sizeWordsOf(usage.memory_bytes)} of memory; ${usage.processes === 1 ? "one process" : `${usage.processes} processes`}`,
    ],
    ["lost lines", lossWordsOf(details.log_losses)],
    ["user", details.user],
    ["defined in", details.source],
  ];
}

/** "requires db (up), cache (up); after net (down)". */
function linkWordsOf(links: readonly LinkView[]): string {
  const kinds = ["requires", "wants", "after"] as const;
  return kinds
    .map((kind) => links.filter(({ how }) => how === kind))
    .filter((same) => same.length > 0)
    .map(
      (same) =>
        `${same[0]?.how} ${same.map(({ name, state }) => `${name} (${state ?? "no such service"})`).join(", ")}`,
    )
    .join("; ");
}

function logWordsOf(details: DetailsView | null): string {
  return details?.log_file == null ? "" : ` of ${onOneLine(details.log_file)}`;
}

/** The last lines of what the check said, unless its outcome tells it all. */
function saidOf({ health_detail: detail, health_output: output }: ServiceView): string | null {
  const lines = (output ?? "").trim().split("\n").slice(-MOST_SAID);
  return lines.length === 1 && detail?.endsWith(lines[0] ?? "") === true ? null : lines.join("\n");
}

const MOST_SAID = 5;

function timeWithAgo(iso: string, now: number): string {
  const ago = agoWordsOf(iso, now);
  return ago === iso ? iso : `${iso} (${ago})`;
}

function cut(line: string, { width, mark }: Look): string {
  return width === null ? line : cutTo(line, width, mark);
}
