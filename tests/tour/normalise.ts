/*
 * What differs from run to run is replaced by something of the same kind, so that a screen is the same each time: numbers of
 * processes by 4001, 4002, ... in the order in which they appear; times by seconds of one minute; lengths of time, processor
 * time and memory by one value of each kind. Tables are aligned anew afterwards. Everything else stands as it was printed.
 */
import { type Table, alignTable, tableIn } from "./text-table.ts";

/** Keeps in mind which process has which number, over all screens of a story. */
export class Normaliser {
  readonly #replaced: readonly (readonly [found: string, shown: string])[];
  readonly #pids = new Map<string, string>();

  /** `replaced`: texts that are replaced first, such as directories, and by what. */
  constructor(replaced: readonly (readonly [found: string, shown: string])[]) {
    this.#replaced = replaced;
  }

  /** One screen: everything that a command has printed. */
  screen(text: string): string {
    const here = this.#replaced.reduce((all, [found, shown]) => all.replaceAll(found, shown), text);
    const lines = withTimes(here).trimEnd().split("\n");
    const table = tableIn(lines);
    if (table === null) return lines.map((line) => this.#line(line)).join("\n");
    const { before, after } = table;
    return [...before, ...alignTable(this.#table(table)), ...after.map((line) => this.#line(line))].join("\n");
  }

  #table(table: Table): Table {
    const rows = table.rows.map((row) =>
      row.map((cell, column) => (cell === "-" || cell === "" ? cell : this.#cell(cell, table.titles[column] ?? ""))),
    );
    return { ...table, rows };
  }

  #cell(cell: string, title: string): string {
    switch (title) {
      case "PID":
        return this.#pidOf(cell);
      case "SINCE":
        return "2s ago";
      case "CPU":
        return "0.5%";
      case "MEMORY":
        return "12M";
      case "WAITED":
      case "TOOK":
        return spanOf(cell);
      default:
        return this.#line(cell);
    }
  }

  #line(line: string): string {
    return SPANS.reduce((text, [found, shown]) => text.replaceAll(found, shown), line)
      .replaceAll(STARTS, (words) =>
        /[mhd]/.test(words.slice("starts in".length)) ? "starts in 6h 38m" : "starts in 31s",
      )
      .replaceAll(/\bpid (\d+)/g, (_, pid: string) => `pid ${this.#pidOf(pid)}`)
      .replace(/^( {2}pid +)(\d+)$/, (_, label: string, pid: string) => label + this.#pidOf(pid))
      .replace(/^(\* critical path.*)$/, (whole) => whole.replaceAll(/[\d.]+m?s\b/g, spanOf));
  }

  #pidOf(pid: string): string {
    const known = this.#pids.get(pid);
    if (known !== undefined) return known;
    const shown = String(4001 + this.#pids.size);
    this.#pids.set(pid, shown);
    return shown;
  }
}

/** Each time that a screen shows by the next second of a minute: whether two of them are the same is chance. */
function withTimes(text: string): string {
  let count = 0;
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(\d{6}|\d{3})Z/g, (_, fraction: string) => {
    const second = String((15 + count++) % 60).padStart(2, "0");
    return `2026-11-22T16:44:${second}.${"0".repeat(fraction.length)}Z`;
  });
}

/** A length of time as it is said. */
const SPAN = String.raw`\d+(?:\.\d+)?(?:ms|[smhd])(?: \d+[smhd])?`;

const STARTS = new RegExp(`\\bstarts (?:now|in ${SPAN})`, "g");

const SPANS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`\\((?:now|${SPAN} ago)\\)`, "g"), "(2s ago)"],
  [new RegExp(`: started (?:now|${SPAN} ago)$`, "g"), ": started 2s ago"],
  [new RegExp(`^(  running for  )${SPAN}$`, "g"), "$12s"],
  [
    /\d+(?:\.\d)?% of a processor, \S+ in all; [\d.]+[KMG] of memory/g,
    "0.5% of a processor, 20ms in all; 12M of memory",
  ],
  [new RegExp(`, after ${SPAN}$`, "g"), ", after 20ms"],
  [new RegExp(`next start in ${SPAN}`, "g"), "next start in 31s"],
  [
    /\S+ of processor time \(user \S+, system [^)]+\), (?:a peak of|at most) [\d.]+[KMG] of memory/g,
    "20ms of processor time (user 10ms, system 10ms), at most 48M of memory",
  ],
  // As web servers write it.
  [/\[\d\d\/\w{3}\/\d{4} \d\d:\d\d:\d\d\]/g, "[22/Nov/2026 16:44:15]"],
];

/** In a story something takes a second or next to nothing. */
function spanOf(words: string): string {
  const [, number = "0", unit] = /^([\d.]+)(ms|s)$/.exec(words) ?? [];
  return Number(number) * (unit === "s" ? 1_000 : 1) >= 500 ? "1s" : "1.5ms";
}
