/** Lines of the supervisor's own log that are kept while there is no Worker, or no file yet, to take them. */
const MOST_LINES = 10_000;

/** Lines of the supervisor's own log that its file has not confirmed, oldest first. */
export class OwnBacklog {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  add(lines: readonly string[]): void {
    const excess = this.#lines.length + lines.length - MOST_LINES;
    if (excess > 0) this.#lines.splice(0, excess);
    this.#lines.push(...lines);
  }

  /** So many of the oldest are with the file. */
  confirm(count: number): void {
    this.#lines.splice(0, count);
  }
}
