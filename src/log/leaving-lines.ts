import type { LinesUnderway } from "./lines-underway.ts";
import type { Underway } from "./plane-messages.ts";

/** Lines whose sinks are closed, and that are still on their way to files: they are counted until they have come there. */
export class LeavingLines {
  readonly #each = new Map<LinesUnderway, string>();

  /** Those of a sink of this service. */
  add(service: string, lines: LinesUnderway): void {
    if (lines.count.left > 0) this.#each.set(lines, service);
  }

  /** Leaves out what has been handed on. `at` is now, in microseconds since 1970. */
  look(at: number): void {
    for (const lines of this.#each.keys()) {
      lines.look(at);
      if (lines.count.left === 0) this.#each.delete(lines);
    }
  }

  /** Those of this service, sink by sink. */
  of(service: string): readonly Underway[] {
    return [...this.#each].filter(([, whose]) => whose === service).map(([lines]) => lines.count);
  }
}
