/** What may happen to lines on their way, beside that each comes once and in order. */
export interface Leniency {
  readonly mayRepeat: boolean;
  readonly mayLack: boolean;
}

const STRICT: Leniency = { mayRepeat: false, mayLack: false };

/** The numbered lines that the services write, as they are found in the logs: each once, and in order. Pure. */
export class Numbers {
  readonly #last = new Map<string, number>();

  /** The key of a stream of a run, as it stands in its lines before the number. */
  static keyOf(service: string, invocation: string, stream: "o" | "e"): string {
    return `${service} ${invocation} ${stream}`;
  }

  /** A line of a log, with its time stamp. Returns what is wrong with it, or null; lines without a number are left alone. */
  hear(line: string, { mayRepeat, mayLack }: Leniency = STRICT): string | null {
    const [, key, text] = /(?:^| )(\S+ [0-9a-f]{32} [oe]) (\d+)$/.exec(line) ?? [];
    if (key === undefined)
      return / [0-9a-f]{32} /.test(line) ? `there is a mangled line: ${JSON.stringify(line)}` : null;
    const [number, before] = [Number(text), this.last(key)];
    if (number <= before && !mayRepeat) return `${key}: ${number} comes again after ${before}`;
    this.#last.set(key, number);
    return number <= before + 1 || mayLack ? null : `${key}: after ${before} comes ${number}`;
  }

  /** The highest number that was found; 0: none. */
  last(key: string): number {
    return this.#last.get(key) ?? 0;
  }

  /** What is missing up to this number is not to come any more. */
  skipTo(key: string, number: number): void {
    this.#last.set(key, number);
  }

  /** Nothing more is to come of it. */
  forget(key: string): void {
    this.#last.delete(key);
  }
}
