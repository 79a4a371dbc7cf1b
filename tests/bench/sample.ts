/** What was measured in several rounds. Never empty. */
export interface Sample {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

/** null: nothing was measured. */
export function sampleOf(values: readonly number[]): Sample | null {
  const sorted = [...values].sort((left, right) => left - right);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return null;
  return { median: quantile(sorted, 0.5), least, most, count: sorted.length };
}

/** Between the two nearest values, in proportion. `sorted` ascends and is not empty. */
function quantile(sorted: readonly number[], part: number): number {
  const at = part * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}
