/* What a server has sent in answer to a request of HTTP/1.1 (RFC 9112), as far as a check wants to know it. */

export type HttpAnswer =
  /** More has to come before it can be told. */
  | { readonly tag: "incomplete" }
  | { readonly tag: "no-http" }
  | {
      readonly tag: "answered";
      readonly status: number;
      /** As far as it has come, without the framing of chunks. */
      readonly body: Uint8Array;
      /** true: nothing more belongs to it. */
      readonly isWhole: boolean;
    };

/** The most that status line and headers may take together. */
export const MOST_HEADERS = 16 * 1024;

const HEADERS_END = "\r\n\r\n";
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r\n/;

export function parseHttpAnswer(bytes: Uint8Array): HttpAnswer {
  const text = latin1Of(bytes.subarray(0, MOST_HEADERS));
  const end = text.indexOf(HEADERS_END);
  if (end < 0) return couldBeAnswer(text) ? { tag: "incomplete" } : { tag: "no-http" };
  const status = Number(STATUS_LINE.exec(text)?.[1] ?? 0);
  if (status === 0) return { tag: "no-http" };
  const rest = bytes.subarray(end + HEADERS_END.length);
  // What comes before the answer itself: 100 Continue, 103 Early Hints.
  if (status < 200) return parseHttpAnswer(rest);
  return { tag: "answered", status, ...bodyOf(rest, status, text.slice(0, end)) };
}

function couldBeAnswer(text: string): boolean {
  return text.length < MOST_HEADERS && text.startsWith("HTTP/1.".slice(0, text.length));
}

function bodyOf(bytes: Uint8Array, status: number, headers: string): { body: Uint8Array; isWhole: boolean } {
  if (status === 204 || status === 304) return { body: bytes.subarray(0, 0), isWhole: true };
  if (/\r\ntransfer-encoding:[^\r\n]*\bchunked\b/i.test(headers)) return joinChunks(bytes);
  const written = /\r\ncontent-length:[ \t]*(\d+)/i.exec(headers)?.[1];
  const length = written === undefined ? Infinity : Number(written);
  return { body: bytes.subarray(0, length), isWhole: bytes.length >= length };
}

/** What is not framed as it should be ends the body: it is only for people to read. */
function joinChunks(bytes: Uint8Array): { body: Uint8Array; isWhole: boolean } {
  const body: number[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf(10, at);
    if (lineEnd < 0) return { body: Uint8Array.from(body), isWhole: false };
    const size = Number.parseInt(latin1Of(bytes.subarray(at, lineEnd)), 16);
    if (!(size > 0)) return { body: Uint8Array.from(body), isWhole: true };
    body.push(...bytes.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 2;
  }
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
