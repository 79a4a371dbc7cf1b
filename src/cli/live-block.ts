import type { Output } from "./world.ts";

/**
 * Lines at the bottom of a terminal that are drawn again and again in the same place. Nothing of the terminal is changed for
 * that: whenever the program ends, by whatever, the last lines stand there and the cursor below them.
 */
export class LiveBlock {
  readonly #output: Output;
  #drawn = 0;
  #columns: number | null;

  constructor(output: Output) {
    this.#output = output;
    this.#columns = output.columns;
  }

  /** Draws these lines, none of them wider than the terminal, in the place of the last ones. false: nobody reads any more. */
  draw(lines: readonly string[]): boolean {
    const room = Math.max(1, (this.#output.rows ?? DEFAULT_ROWS) - 1);
    const shown =
      lines.length <= room ? lines : [...lines.slice(0, room - 1), `and ${lines.length - room + 1} more lines`];
    // Erased before it is written: a line that fills the terminal leaves the cursor on its last cell.
    const text = shown.map((line) => `${ERASE_LINE}${line}\n`).join("");
    const start = this.#start();
    this.#drawn = shown.length;
    return this.#output.write(`${start}${text}${ERASE_BELOW}`);
  }

  /** Takes the lines away. */
  clear(): void {
    if (this.#drawn > 0) this.#output.write(`${this.#start()}${ERASE_BELOW}`);
    this.#drawn = 0;
  }

  #start(): string {
    const columns = this.#output.columns;
    // Where the terminal has broken the lines anew, nobody knows where they began.
    const isBroken = this.#drawn > 0 && columns !== this.#columns;
    this.#columns = columns;
    if (isBroken) return HOME + ERASE_BELOW;
    return this.#drawn === 0 ? "\r" : `\r\u001b[${this.#drawn}A`;
  }
}

const DEFAULT_ROWS = 24;
// ECMA-48: EL, ED, CUP.
const ERASE_LINE = "\u001b[2K";
const ERASE_BELOW = "\u001b[J";
const HOME = "\u001b[H";
