import type { Sample } from "./sample.ts";

/** How our figure is held against the floor's. */
export type Against = "ratio" | "difference" | "nothing";

/** What a row of the table is about. */
export interface Entry {
  readonly title: string;
  readonly unit: "ms" | "MB" | "KB" | "MB/s" | "CPU s/GiB" | "%" | "";
  readonly against: Against;
  readonly aim: Aim | null;
}

/** One row of the table: the same work done by the floor, by us and by peers. null: not measured. */
export interface Figure extends Entry {
  readonly floor: Sample | null;
  readonly ours: Sample | null;
  readonly peers: ReadonlyMap<string, Sample>;
}

/** What issue and design ask for, in words, and whether it is reached. */
export interface Aim {
  readonly text: string;
  /** `bestPeer`: the highest of the peers' medians, NaN without peers; null: it cannot be told. */
  isReached(ours: number, floor: number, bestPeer: number): boolean | null;
}

/** "1.42 x", "+0.31 ms", or "" when there is nothing to compare. */
export function renderAgainst(figure: Figure): string {
  const { floor, ours, against, unit } = figure;
  if (floor === null || ours === null) return "";
  switch (against) {
    case "ratio":
      return `${(ours.median / floor.median).toFixed(2)} x`;
    case "difference": {
      const difference = ours.median - floor.median;
      return `${difference < 0 ? "-" : "+"}${renderNumber(Math.abs(difference))} ${unit}`;
    }
    case "nothing":
      return "";
  }
}

/** "482 (470 to 505)"; the span only if there were several rounds. */
export function renderSample(sample: Sample | null): string {
  if (sample === null) return "";
  const median = renderNumber(sample.median);
  return sample.count < 2 ? median : `${median} (${renderNumber(sample.least)} to ${renderNumber(sample.most)})`;
}

/** "reached", "missed", or "" without an aim or what it is held against. */
export function renderVerdict({ aim, ours, floor, peers }: Figure): string {
  if (aim === null || ours === null) return "";
  const bestPeer = peers.size === 0 ? Number.NaN : Math.max(...[...peers.values()].map(({ median }) => median));
  const isReached = aim.isReached(ours.median, floor?.median ?? Number.NaN, bestPeer);
  if (isReached === null) return "";
  return isReached ? "reached" : "missed";
}

/** Three digits that mean something. */
function renderNumber(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
