import { type OwnLine, MOST_HISTORY_TEXT, cutText } from "../core/history.ts";
import type { SyslogSeverity } from "../core/log-policy.ts";
import type { WallTime } from "../core/units.ts";

/** Lines that are kept, of all services together. */
const MOST_KEPT = 500;
/** Lines that a report has of them. */
const MOST_GIVEN = 20;

/** The last lines that the supervisor has written, of which those about one service go into its reports. */
export class OwnLines {
  /** A ring: `#next` is where the oldest lies once it is full. */
  readonly #lines: OwnLine[] = [];
  #next = 0;

  add(at: WallTime, severity: SyslogSeverity, text: string): void {
    this.#lines[this.#next] = { at, severity, text };
    this.#next = (this.#next + 1) % MOST_KEPT;
  }

  /** The last ones about the service since then, oldest first, without its name in front. */
  about(service: string, since: WallTime): readonly OwnLine[] {
    const beginning = `${service}: `;
    const found: OwnLine[] = [];
    for (let back = 1; back <= this.#lines.length && found.length < MOST_GIVEN; back++) {
      const line = this.#lines[(this.#next - back + MOST_KEPT) % MOST_KEPT];
      if (line === undefined || line.at < since) break;
      if (!line.text.startsWith(beginning)) continue;
      found.push({ ...line, text: cutText(line.text.slice(beginning.length), MOST_HISTORY_TEXT) });
    }
    return found.reverse();
  }
}
