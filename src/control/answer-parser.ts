/* What a server has sent in answer to one request of HTTP/1.1 (RFC 9112), piece by piece. */

/** Longest head, and longest line that says how long a chunk is. */
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CHUNK_LINE = 256;

const CR = 13;
const LF = 10;
const EMPTY = new Uint8Array();

/** What is in front: the head; a body of so many bytes; one that ends with the connection; or one of chunks, at one of these places. */
type Place = "head" | "length" | "rest" | "size" | "chunk" | "chunk-end" | "trailer" | "over";

export class AnswerParser {
  #place: Place = "head";
  /** What was not understood yet, as more has to come for it. */
  #input: Uint8Array = EMPTY;
  /** How many bytes are still to come of the body, or of this chunk. */
  #left = 0;
  #status = 0;

  /** 0: it is not known yet. */
  get status(): number {
    return this.#status;
  }

  /** true: nothing more belongs to it. */
  get isWhole(): boolean {
    return this.#place === "over";
  }

  /** Takes what has arrived and adds what of it belongs to the body. false: that is no such answer. */
  take(bytes: Uint8Array, body: Uint8Array[]): boolean {
    this.#input = this.#input.length === 0 ? bytes : concat([this.#input, bytes]);
    while (this.#input.length > 0 && this.#place !== "over") {
      const progress = this.#advance(body);
      if (progress !== "on") return progress === "more";
    }
    return true;
  }

  /** The connection is at its end. false: some of the answer is missing. */
  end(): boolean {
    if (this.#place === "rest") this.#place = "over";
    return this.#place === "over";
  }

  #advance(body: Uint8Array[]): "on" | "more" | "malformed" {
    switch (this.#place) {
      case "head":
        return this.#readHead();
      case "length":
      case "chunk":
        return this.#readBody(body);
      case "rest":
        body.push(this.#input);
        this.#input = EMPTY;
        return "on";
      case "chunk-end":
      case "size":
      case "trailer":
        return this.#readLine();
      case "over":
        return "on";
    }
  }

  #readHead(): "on" | "more" | "malformed" {
    const end = endOfHead(this.#input);
    if (end < 0) return this.#input.length > MAX_HEAD_BYTES ? "malformed" : "more";
    const text = textOf(this.#input, end).toLowerCase();
    this.#input = this.#input.subarray(end + 4);
    const status = Number(text.slice(9, 12));
    if (!text.startsWith("http/1.") || !(status >= 100 && status < 600)) return "malformed";
    // What comes before the answer itself, such as 100 Continue.
    if (status < 200) return "on";
    this.#status = status;
    const length = valueOf(text, "content-length");
    if (valueOf(text, "transfer-encoding") === "chunked") this.#place = "size";
    else if (length === null) this.#place = "rest";
    else {
      this.#left = Number(length);
      if (!Number.isSafeInteger(this.#left) || this.#left < 0) return "malformed";
      this.#place = this.#left === 0 ? "over" : "length";
    }
    return "on";
  }

  #readBody(body: Uint8Array[]): "on" {
    const piece = this.#input.subarray(0, this.#left);
    body.push(piece);
    this.#input = this.#input.subarray(piece.length);
    this.#left -= piece.length;
    if (this.#left === 0) this.#place = this.#place === "length" ? "over" : "chunk-end";
    return "on";
  }

  /** A line between chunks, or behind them. */
  #readLine(): "on" | "more" | "malformed" {
    const end = this.#input.indexOf(LF);
    if (end > MAX_CHUNK_LINE || (end < 0 && this.#input.length > MAX_CHUNK_LINE)) return "malformed";
    if (end < 0) return "more";
    const line = textOf(this.#input, this.#input[end - 1] === CR ? end - 1 : end);
    this.#input = this.#input.subarray(end + 1);
    if (this.#place === "trailer") {
      if (line === "") this.#place = "over";
      return "on";
    }
    if (this.#place === "chunk-end") {
      this.#place = "size";
      return line === "" ? "on" : "malformed";
    }
    this.#left = Number.parseInt(line, 16);
    if (!(this.#left >= 0)) return "malformed";
    this.#place = this.#left === 0 ? "trailer" : "chunk";
    return "on";
  }
}

/** Where the empty line is that ends a head; -1: it has not come yet. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1))
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
  return -1;
}

/** Of a head in lower case; null: there is no such field. */
function valueOf(head: string, field: string): string | null {
  const at = head.indexOf(`\r\n${field}:`);
  if (at < 0) return null;
  const end = head.indexOf("\r\n", at + 2);
  return head.slice(at + field.length + 3, end < 0 ? head.length : end).trim();
}

/** What is not ASCII in a head or in the frame of a chunk means nothing here. */
function textOf(bytes: Uint8Array, length: number): string {
  return new TextDecoder().decode(bytes.subarray(0, length));
}

/** One after another; a single one as it is. Not by a Buffer: the first one costs a command 0.2 ms. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const [first = EMPTY] = pieces;
  if (pieces.length <= 1) return first;
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
