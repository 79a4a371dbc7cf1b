import { cellsOf, cutTo } from "./render-text.ts";

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
    let shown = "";
    for (let index = 0; index < columns.length; index++) {
      const isLeft = columns[index]?.align === "left";
      const filled = fill(cells[index] ?? "", { width: widths[index] ?? 0, isLeft, mark: style.mark });
      shown += index === 0 ? paint(filled, index) : GAP + paint(filled, index);
    }
    return shown.trimEnd();
  }
  const title = line(
    columns.map((column) => column.title),
    (cell) => cell,
  );
  return [title, ...rows.map((cells, row) => line(cells, (cell, column) => style.paint(cell, row, column)))];
}

/** The text in exactly so many cells: cut, or filled with blanks on the other side. */
function fill(text: string, { width, isLeft, mark }: { width: number; isLeft: boolean; mark: string }): string {
  const whole = cellsOf(text);
  // Cut, it may be a cell too short: a wide character does not fit in half.
  const kept = whole <= width ? text : cutTo(text, width, mark);
  const length = kept.length + width - (whole <= width ? whole : cellsOf(kept));
  return isLeft ? kept.padEnd(length) : kept.padStart(length);
}

/** How many cells a line takes if nothing is cut. */
export function tableWidthOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number {
  const widths = naturalWidthsOf(columns, rows);
  return widths.reduce((sum, width) => sum + width, GAP.length * (columns.length - 1));
}

function naturalWidthsOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  const widths = columns.map((column) => cellsOf(column.title));
  // Of a thousand rows each step counts: a command has no time to become quick.
  for (const cells of rows) {
    for (let index = 0; index < widths.length; index++) {
      const cell = cells[index] ?? "";
      const width = widths[index] ?? 0;
      // No character takes more than two cells.
      if (cell.length * 2 > width) widths[index] = Math.max(width, cellsOf(cell));
    }
  }
  return widths;
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
