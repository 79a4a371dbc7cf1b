import type { ProcessRow } from "./ports.ts";

/** The process tree of one moment. */
export class ProcessSnapshot {
  readonly #rows: ReadonlyMap<number, ProcessRow>;
  readonly #children = new Map<number, ProcessRow[]>();

  constructor(rows: readonly ProcessRow[]) {
    this.#rows = new Map(rows.map((row) => [row.pid, row]));
    for (const row of rows) {
      const siblings = this.#children.get(row.parent);
      if (siblings === undefined) this.#children.set(row.parent, [row]);
      else siblings.push(row);
    }
  }

  get(pid: number): ProcessRow | undefined {
    return this.#rows.get(pid);
  }

  childrenOf(pid: number): readonly ProcessRow[] {
    return this.#children.get(pid) ?? [];
  }

  /** Every process of these sessions. */
  inSessions(sessions: ReadonlySet<number>): readonly ProcessRow[] {
    return [...this.#rows.values()].filter((row) => sessions.has(row.session));
  }

  /** These processes and all their descendants, each once. */
  closure(seeds: readonly ProcessRow[]): readonly ProcessRow[] {
    const found = new Set<ProcessRow>(seeds);
    for (const row of found) {
      for (const child of this.#children.get(row.pid) ?? []) found.add(child);
    }
    return [...found];
  }
}

/** true: only its exit status is left of it. */
export function isEnded(row: ProcessRow): boolean {
  return row.state === "Z" || row.state === "X";
}
