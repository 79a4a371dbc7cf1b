/* Tables that were printed, taken apart into cells and put together again. */

export interface Table {
  readonly before: readonly string[];
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly after: readonly string[];
}

/** Known by its head; it ends with an empty line. null: there is none. */
export function tableIn(lines: readonly string[]): Table | null {
  const head = lines.findIndex((line) => /^(?:NAME|STEP) +[A-Z]+ /.test(line));
  if (head === -1) return null;
  const end = lines.findIndex((line, index) => index > head && line === "");
  const body = lines.slice(head, end === -1 ? undefined : end);
  const cuts = cutsOf(body);
  const [titles = [], ...rows] = body.map((line) =>
    [0, ...cuts].map((from, index) => line.slice(from, cuts[index] ?? line.length).trim()),
  );
  return { before: lines.slice(0, head), titles, rows, after: end === -1 ? [] : lines.slice(end) };
}

/** Where the columns begin, the first one aside: after two blanks in every line, between two titles. */
function cutsOf(lines: readonly string[]): readonly number[] {
  const titles = [...(lines[0] ?? "").matchAll(/\S+(?: \S+)*/g)];
  const isBlank = (at: number): boolean => lines.every((line) => (line[at] ?? " ") === " ");
  return titles.slice(1).map((title, index) => {
    const former = titles[index];
    const from = (former?.index ?? 0) + (former?.[0].length ?? 0);
    for (let at = title.index; at > from; at--) if (isBlank(at - 1) && isBlank(at - 2)) return at;
    return title.index;
  });
}

const RIGHT: ReadonlySet<string> = new Set(["STEP", "PID", "CPU", "MEMORY", "RESTARTS", "WAITED", "TOOK"]);

/** The lines of the table, as a command would print them. */
export function alignTable({ titles, rows }: Table): readonly string[] {
  const all = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    titles
      .map((title, column) => {
        const [cell, width] = [row[column] ?? "", widths[column] ?? 0];
        return RIGHT.has(title) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
