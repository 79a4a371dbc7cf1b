/** Enough for what one read brings, with a stamp before lines of the usual length. */
const USUAL_SIZE = 512 * 1024;

/** Copies whole lines behind `length` bytes of `target`, each with the stamp before it, as long as there is room. */
export type CopyStamped = (
  lines: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  stamp: Uint8Array,
  target: OutBuffer,
) => { readonly taken: number; readonly written: number };

/** Bytes on their way out, in a buffer that is used again and again. It grows when lines are very short, and only then. */
export class OutBuffer {
  bytes = new Uint8Array(0);
  length = 0;
  /** null: there is none that is faster than JavaScript. */
  readonly copyStamped: CopyStamped | null;

  constructor(copyStamped: CopyStamped | null = null) {
    this.copyStamped = copyStamped;
  }

  /** Makes room for `more` bytes after `length`. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(USUAL_SIZE, 2 * needed));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Empties it, and gives back the memory of an unusual case. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > 2 * USUAL_SIZE) this.bytes = new Uint8Array(0);
  }
}
