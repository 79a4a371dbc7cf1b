import { type Block, textLinesOf } from "./line-framer.ts";

/** So many characters of a line are looked at: that bounds what a pattern may cost, however long the line is. */
export const MOST_MATCHED = 4_096;

/** A regular expression that a line of one run is to match. */
export interface Expectation {
  readonly id: number;
  readonly pattern: RegExp;
}

/** What is expected of services, of each one thing at a time: the newest. */
export class Expectations {
  readonly #newest = new Map<string, { readonly expectation: Expectation; isTaken: boolean }>();

  /** Throws if the pattern is none. */
  expect(service: string, id: number, pattern: string): void {
    this.#newest.set(service, { expectation: { id, pattern: new RegExp(pattern, "u") }, isTaken: false });
  }

  unexpect(service: string, id: number): void {
    if (this.#newest.get(service)?.expectation.id === id) this.#newest.delete(service);
  }

  /** For the run that begins now: what is expected of it. */
  take(service: string): Expectation | null {
    const newest = this.#newest.get(service);
    if (newest === undefined || newest.isTaken) return null;
    newest.isTaken = true;
    return newest.expectation;
  }

  /** true once: at the first block that has a matching line. Of a line that comes in pieces, the first one counts. */
  isMetBy(block: Block, service: string, expectation: Expectation): boolean {
    if (this.#newest.get(service)?.expectation !== expectation) return false;
    const lines = textLinesOf(block).slice(block.continues ? 1 : 0);
    const isMet = lines.some((line) => expectation.pattern.test(matchedPartOf(line)));
    if (isMet) this.#newest.delete(service);
    return isMet;
  }
}

function matchedPartOf(line: string): string {
  const text = line.slice(0, MOST_MATCHED);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
