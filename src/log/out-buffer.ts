const USUAL_SIZE = 256 * 1024;

/** Bytes on their way out, in a buffer that is used again and again. It grows when lines are very short, and only then. */
export class OutBuffer {
  bytes = new Uint8Array(0);
  length = 0;

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
