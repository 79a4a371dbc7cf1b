import { cutTo, padTo } from "./render-text.ts";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** Cells that it keeps when room is short; null: it is never cut. */
  readonly least: number | null;
}

export interface TableStyle {
  /** Cells of a line; null: as many as it takes. */
  readonly width: number | null;
  /** Stands for what was cut off. */
  readonly mark: string;
  /** Dresses a cell after it was cut and filled, by the numbers of its row and column. */
  readonly paint: (cell: string, row: number, column: number) => string;
}

const GAP = "  ";

/** An aligned table as lines. When it is too wide, the columns give way from the last to the first. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: TableStyle,
): readonly string[] {
  const widths = fit(columns, naturalWidthsOf(columns, rows), style.width);
  function line(cells: readonly string[], paint: (cell: string, column: number) => string): string {
    const shown = columns.map((column, index) => {
      const width = widths[index] ?? 0;
      const cut = cutTo(cells[index] ?? "", width, style.mark);
      const isLast = index === columns.length - 1;
      return paint(
        isLast && column.align === "left" ? cut : padTo(cut, width, column.align === "left" ? "right" : "left"),
        index,
      );
    });
    return shown.join(GAP).trimEnd();
  }
  const title = line(
    columns.map((column) => column.title),
    (cell) => cell,
  );
  return [title, ...rows.map((cells, row) => line(cells, (cell, column) => style.paint(cell, row, column)))];
}

/** How many cells a line takes if nothing is cut. */
export function tableWidthOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number {
  const widths = naturalWidthsOf(columns, rows);
  return widths.reduce((sum, width) => sum + width, GAP.length * (columns.length - 1));
}

function naturalWidthsOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map((column, index) =>
    rows.reduce(
      (widest, cells) => Math.max(widest, Bun.stringWidth(cells[index] ?? "")),
      Bun.stringWidth(column.title),
    ),
  );
}

function fit(columns: readonly Column[], natural: readonly number[], width: number | null): readonly number[] {
  if (width === null) return natural;
  const widths = [...natural];
  let excess = widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1)) - width;
  for (let index = columns.length - 1; index >= 0 && excess > 0; index--) {
    const least = columns[index]?.least ?? null;
    const current = widths[index] ?? 0;
    if (least === null || current <= least) continue;
    const given = Math.min(excess, current - least);
    widths[index] = current - given;
    excess -= given;
  }
  return widths;
}
