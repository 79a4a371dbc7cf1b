/* The screen of `top` as lines, as many as the terminal has and none wider than it. */
import type { ServiceView } from "../core/service-view.ts";
import { canDraw, type Look, paintFaint, paintState } from "./render-paint.ts";
import { percentWordsOf, sizeWordsOf } from "./render-sizes.ts";
import { type Column, renderTable } from "./render-table.ts";
import { cutTo, onOneLine, padTo } from "./render-text.ts";
import { agoWordsOf, countOf } from "./render-words.ts";
import { noteOf } from "./service-note.ts";
import { shownServices, type TopPage, type TopState } from "./top-state.ts";

export interface TopFrame {
  readonly rows: number;
  readonly columns: number;
  readonly look: Look;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Lines that are always there: what it is, and below what may be done; the table has its head beside. */
const AROUND = 3;

/** How many services, or lines of text, there is room for. */
export function roomOf(rows: number, page: TopPage): number {
  const isText = page.tag === "logs" || page.tag === "details" || page.tag === "help";
  return Math.max(1, rows - AROUND - (isText ? 0 : 1));
}

export function renderTop(state: TopState, frame: TopFrame): readonly string[] {
  const room = roomOf(frame.rows, state.page);
  const body = bodyOf(state, frame, room);
  const filled = [...body, ...Array.from({ length: Math.max(0, frame.rows - AROUND - body.length) }, () => "")];
  const lines = [titleOf(state, frame), ...filled, messageOf(state, frame), keysOf(state, frame)];
  return lines.slice(0, frame.rows);
}

function titleOf({ services, page, filter, sort }: TopState, { columns, look, now }: TopFrame): string {
  const clock = new Date(now).toTimeString().slice(0, 8);
  const bad = services.filter(({ well, want }) => want === "up" && !well).length;
  const isText = page.tag === "logs" || page.tag === "details";
  const parts = isText
    ? [`${page.name}: ${page.tag === "logs" ? "output" : "everything about it"}`]
    : [
        countOf(services.length, "service"),
        ...(bad === 0 ? [] : [`${bad} not well`]),
        ...(filter === "" ? [] : [`only "${filter}"`]),
        ...(sort === "trouble" ? [] : [`by ${sort}`]),
      ];
  const left = cutTo(`daemonsup  ${parts.join(", ")}`, Math.max(0, columns - clock.length - 1), look.mark);
  return reversed(padTo(left, columns - clock.length, "right") + clock);
}

function bodyOf(state: TopState, frame: TopFrame, room: number): readonly string[] {
  const { page } = state;
  switch (page.tag) {
    case "table":
    case "filtering":
    case "asking":
      return tableOf(state, frame, room);
    case "help":
      return HELP.slice(0, room).map((line) => cutTo(line, frame.columns, frame.look.mark));
    case "logs": {
      const end = page.lines.length - page.above;
      return page.lines.slice(Math.max(0, end - room), end);
    }
    case "details":
      return page.lines.slice(page.above, page.above + room);
  }
}

interface Field extends Column {
  text(service: ServiceView, state: TopState, now: number): string;
}

const FIELDS: readonly Field[] = [
  { title: "NAME", align: "left", least: 12, text: ({ name }) => onOneLine(name) },
  { title: "STATE", align: "left", least: null, text: ({ state }) => state },
  { title: "SINCE", align: "left", least: null, text: ({ since }, _state, now) => agoWordsOf(since, now) },
  { title: "PID", align: "right", least: null, text: ({ pid }) => (pid === null ? "-" : String(pid)) },
  {
    title: "CPU",
    align: "right",
    least: null,
    text: ({ name }, { usages }) => {
      const share = usages.get(name)?.cpu_percent;
      return share === undefined ? "-" : percentWordsOf(share);
    },
  },
  {
    title: "MEMORY",
    align: "right",
    least: null,
    text: ({ name }, { usages }) => {
      const bytes = usages.get(name)?.memory_bytes;
      return bytes === undefined ? "-" : sizeWordsOf(bytes);
    },
  },
  { title: "RESTARTS", align: "right", least: null, text: ({ restarts }) => String(restarts) },
  {
    title: "MESSAGE",
    align: "left",
    least: 0,
    text: (service, _state, now) => noteOf(service, { now, isExitShown: false }),
  },
];
/** Narrow terminals do without these, the first first. */
const DISPENSABLE = ["PID", "RESTARTS", "SINCE", "MEMORY", "CPU"];
/** A message in less room than this says nothing. */
const LEAST_MESSAGE = 12;

function tableOf(state: TopState, { columns, look, now }: TopFrame, room: number): readonly string[] {
  const all = shownServices(state);
  if (all.length === 0) {
    const why = state.services.length === 0 ? "no services" : "no service has such a name or state";
    return [cutTo(why, columns, look.mark)];
  }
  const at = Math.max(
    0,
    all.findIndex(({ name }) => name === state.selected),
  );
  // The selection stays on the screen, and in its middle where it can.
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), all.length - room));
  const services = all.slice(first, first + room);
  const fields = fieldsFor(services, state, { columns, now });
  const rows = services.map((service) => fields.map((field) => field.text(service, state, now)));
  const stateColumn = fields.findIndex(({ title }) => title === "STATE");
  const [head = "", ...lines] = renderTable(fields, rows, {
    width: columns,
    mark: look.mark,
    paint: (cell, row, column) => {
      const service = services[row];
      const isPlain = column !== stateColumn || service === undefined || first + row === at;
      return isPlain ? cell : paintState(cell, service.state, look);
    },
  });
  const shown = lines.map((line, row) => (first + row === at ? reversed(padTo(line, columns, "right")) : line));
  return [paintFaint(head, look), ...shown];
}

/** As many as the terminal has room for, beside a message that says something. */
function fieldsFor(
  services: readonly ServiceView[],
  state: TopState,
  { columns, now }: { readonly columns: number; readonly now: number },
): readonly Field[] {
  let fields = FIELDS;
  const widthOf = (): number =>
    fields.reduce((sum, field) => {
      const cells = services.map((service) => Bun.stringWidth(field.text(service, state, now)));
      const widest = Math.max(field.title.length, ...cells);
      return sum + 2 + (field.title === "MESSAGE" ? Math.min(widest, LEAST_MESSAGE) : widest);
    }, -2);
  for (const title of DISPENSABLE) {
    if (widthOf() <= columns) break;
    fields = fields.filter((field) => field.title !== title);
  }
  return fields;
}

/** Light and dark the other way round, which every terminal can; it is no colour, but tells where one is. */
function reversed(text: string): string {
  return `\u001b[7m${text}\u001b[0m`;
}

function messageOf(state: TopState, { columns, look, now }: TopFrame): string {
  const { page, filter, message } = state;
  const text =
    page.tag === "asking"
      ? `${page.verb} ${page.name}? (y/n)`
      : page.tag === "filtering"
        ? `filter by name or state: ${filter}_`
        : onOneLine(message) || (page.tag === "table" ? selectedNoteOf(state, now) : "");
  return cutTo(text, columns, look.mark);
}

/** What the row of the selected service may have no room for. */
function selectedNoteOf({ services, selected }: TopState, now: number): string {
  const service = services.find(({ name }) => name === selected);
  const note = service === undefined ? "" : noteOf(service, { now, isExitShown: false });
  return note === "" ? "" : `${onOneLine(selected ?? "")}: ${note}`;
}

function keysOf({ page }: TopState, { columns, look }: TopFrame): string {
  const arrows = canDraw(look) ? "↑↓" : "j/k";
  const text = ((): string => {
    switch (page.tag) {
      case "table":
        return `? help  q quit  ${arrows} select  enter details  l logs  s start  x stop  r restart  / filter  o sort`;
      case "filtering":
        return "enter keeps it  esc forgets it";
      case "asking":
        return "y does it  any other key leaves it";
      case "help":
        return "any key goes back";
      case "logs":
      case "details":
        return `${arrows} scroll  q back`;
    }
  })();
  return paintFaint(cutTo(text, columns, look.mark), look);
}

const HELP: readonly string[] = [
  "",
  "  up, down, j, k      the service above or below; page up, page down, home, end",
  "  enter               everything about it",
  "  l                   its output, as it comes",
  "",
  "  s                   start it",
  "  x                   stop it, after a question",
  "  r                   restart it, after a question",
  "",
  "  /                   show only those with this in their name, or in this state",
  "  esc                 show all again",
  "  o                   sort by trouble, name, cpu, memory, restarts",
  "",
  "  q, ctrl-c           quit; what was asked for goes on",
];
