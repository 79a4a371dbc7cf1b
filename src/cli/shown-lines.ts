import type { OutputLine } from "../control/control-port.ts";

/** So much earlier than others no service is heard, in milliseconds. */
const MOST_APART_MS = 60_000;

interface Cursor {
  /** Of the newest line, as it was told. */
  at: string;
  /** How many lines of that time were shown. */
  count: number;
  /** The first of them, if there may be others of that time before it, which were not wanted; null: there are none. */
  first: string | null;
}

/** How far the output of each service has been shown, so that it can be read on from there without a line coming twice. */
export class ShownLines {
  readonly #cursors = new Map<string, Cursor>();
  /** Where each was when its past was asked for again: what is not behind that was shown before. */
  #known = new Map<string, Cursor>();
  readonly #began: number;
  #newest = "";

  /** `began`: nothing before is of interest that has not been told, in milliseconds since 1970. */
  constructor(began: number) {
    this.#began = began;
  }

  /** false: it has been shown before. */
  take(line: Pick<OutputLine, "service" | "at" | "text">): boolean {
    if (this.#isKnown(line)) return false;
    const { service, at, text } = line;
    const cursor = this.#cursors.get(service);
    if (cursor === undefined) this.#cursors.set(service, { at, count: 1, first: text });
    else if (at > cursor.at) this.#cursors.set(service, { at, count: 1, first: null });
    else if (at === cursor.at) cursor.count++;
    if (at > this.#newest) this.#newest = at;
    return true;
  }

  /** The past is told once more. Returns from when on it is needed, in milliseconds since 1970. */
  again(): number {
    this.#known = new Map([...this.#cursors].map(([service, cursor]) => [service, { ...cursor }]));
    const times = [...this.#cursors.values()].map(({ at }) => Date.parse(at));
    const earliest = Math.min(this.#began, ...times);
    return this.#newest === "" ? earliest : Math.max(earliest, Date.parse(this.#newest) - MOST_APART_MS);
  }

  #isKnown({ service, at, text }: Pick<OutputLine, "service" | "at" | "text">): boolean {
    const known = this.#known.get(service);
    if (known === undefined || at > known.at) return false;
    if (at < known.at || (known.first !== null && known.first !== text)) return true;
    known.first = null;
    return --known.count >= 0;
  }
}
