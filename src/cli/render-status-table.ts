import type { ServiceView } from "../core/service-view.ts";
import type { UsageView } from "../core/usage-view.ts";
import { type Look, paintState } from "./render-paint.ts";
import { percentWordsOf, sizeWordsOf } from "./render-sizes.ts";
import { type Column, renderTable, tableWidthOf } from "./render-table.ts";
import { cutTo, onOneLine } from "./render-text.ts";
import { agoWordsOf } from "./render-words.ts";
import { noteOf, remedyOf } from "./service-note.ts";
import { worstFirst } from "./severity.ts";
import { foldText } from "./wrap-text.ts";

export interface StatusTable {
  readonly services: readonly ServiceView[];
  /** What they use, by name; empty if nobody can tell. */
  readonly usages: ReadonlyMap<string, UsageView>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How this supervisor is spoken to: "daemonsup", "daemonsup --name x". */
  readonly program: string;
}

interface Field extends Column {
  text(service: ServiceView, table: StatusTable): string;
}

const NAME: Field = { title: "NAME", align: "left", least: 12, text: ({ name }) => onOneLine(name) };
const STATE: Field = { title: "STATE", align: "left", least: null, text: ({ state }) => state };
const SINCE: Field = {
  title: "SINCE",
  align: "left",
  least: null,
  text: ({ since }, { now }) => agoWordsOf(since, now),
};
const PID: Field = {
  title: "PID",
  align: "right",
  least: null,
  text: ({ pid }) => (pid === null ? "-" : String(pid)),
};
const CPU: Field = {
  title: "CPU",
  align: "right",
  least: null,
  text: ({ name }, { usages }) => withUsage(usages.get(name), ({ cpu_percent: share }) => percentWordsOf(share)),
};
const MEMORY: Field = {
  title: "MEMORY",
  align: "right",
  least: null,
  text: ({ name }, { usages }) => withUsage(usages.get(name), ({ memory_bytes: bytes }) => sizeWordsOf(bytes)),
};
const RESTARTS: Field = {
  title: "RESTARTS",
  align: "right",
  least: null,
  text: ({ restarts }) => String(restarts),
};
const LAST_EXIT: Field = {
  title: "LAST EXIT",
  align: "left",
  least: null,
  text: ({ last_exit: exit }) => (exit === null ? "-" : onOneLine(exit.reason)),
};

/** What a table shows, the order in which it is shown, and how much of it the width has room for. */
const FIELDS: readonly Field[] = [NAME, STATE, SINCE, PID, CPU, MEMORY, RESTARTS, LAST_EXIT];
/** What a narrow terminal does without, the first first. */
const DISPENSABLE: readonly Field[] = [PID, RESTARTS, CPU, MEMORY, SINCE];
/** A message in less room than this says nothing. */
const LEAST_MESSAGE = 12;

/**
 * The services as a table, the worst first, then by name; beside each what is worth knowing, and of one that is not well what
 * to type next. Where that has no room in the row it stands below it.
 */
export function renderStatusTable(table: StatusTable, look: Look): readonly string[] {
  const services = worstFirst(table.services);
  const sorted: StatusTable = { ...table, services };
  const all = table.usages.size === 0 ? FIELDS.filter((field) => field !== CPU && field !== MEMORY) : FIELDS;
  const { width } = look;
  const whole = [...all, messageField(null)];
  if (width === null || tableWidthOf(whole, rowsOf(whole, sorted)) <= width) return render(whole, sorted, look);
  // Below its row it is said of each that is not well how it has ended.
  let fields = all.filter((field) => field !== LAST_EXIT);
  for (const field of DISPENSABLE) {
    if (tableWidthOf(fields, rowsOf(fields, sorted)) <= width) break;
    fields = fields.filter((each) => each !== field);
  }
  const room = width - tableWidthOf(fields, rowsOf(fields, sorted)) - 2;
  const message = messageField(room);
  const isWorth = room >= LEAST_MESSAGE && services.some((service) => message.text(service, sorted) !== "");
  const shown = isWorth ? [...fields, message] : fields;
  const [head = "", ...rows] = render(shown, sorted, look);
  return [head, ...rows.flatMap((row, index) => [row, ...linesBelow(services[index], sorted, look)])];
}

function render(fields: readonly Field[], table: StatusTable, look: Look): readonly string[] {
  const state = fields.indexOf(STATE);
  return renderTable(fields, rowsOf(fields, table), {
    width: look.width,
    mark: look.mark,
    paint(cell, row, column) {
      const service = table.services[row];
      if (column !== state || service === undefined) return cell;
      const isExpected = service.state === "waiting" && service.well;
      return paintState(cell, isExpected ? "done" : service.state, look);
    },
  });
}

function rowsOf(fields: readonly Field[], table: StatusTable): readonly (readonly string[])[] {
  return table.services.map((service) => fields.map((field) => field.text(service, table)));
}

/** null: there is room for all of it; otherwise what needs more stands below the row. */
function messageField(room: number | null): Field {
  return {
    title: "MESSAGE",
    align: "left",
    least: room === null ? null : 0,
    text: (service, table) => (room !== null && isBelow(service, table) ? "" : messageOf(service, table, true)),
  };
}

function messageOf(service: ServiceView, { now, program }: StatusTable, isExitShown: boolean): string {
  const remedy = remedyOf(service, { now, program })?.join(" ") ?? "";
  return [noteOf(service, { now, isExitShown }), remedy].filter((part) => part !== "").join("; ");
}

/** What is not well may need more room than a row has. */
function isBelow(service: ServiceView, table: StatusTable): boolean {
  return remedyOf(service, table) !== null || (!service.well && service.want === "up");
}

function linesBelow(service: ServiceView | undefined, table: StatusTable, look: Look): readonly string[] {
  const { width, mark } = look;
  if (service === undefined || width === null || !isBelow(service, table)) return [];
  return foldText(messageOf(service, table, false), width - INDENT.length)
    .slice(0, MOST_LINES_BELOW)
    .map((line) => cutTo(INDENT + line, width, mark));
}

const INDENT = "    ";
const MOST_LINES_BELOW = 4;

function withUsage(usage: UsageView | undefined, words: (usage: UsageView) => string): string {
  return usage === undefined ? "-" : words(usage);
}
