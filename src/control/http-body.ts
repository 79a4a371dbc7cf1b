import { fault, type Framing, type HttpFault } from "./http-head.ts";

/** Most bytes of a request's body. */
const MAX_BODY_BYTES = 48 * 1024;
/** Longest line that says how long a chunk is, its extensions included, and most bytes of what may follow the last one. */
const MAX_CHUNK_LINE = 256;
const MAX_TRAILER_BYTES = 4096;

export type BodyProgress =
  | { readonly tag: "incomplete" }
  /** `used`: how many bytes of the input belong to it. */
  | { readonly tag: "complete"; readonly body: string; readonly used: number }
  | HttpFault;

const INCOMPLETE: BodyProgress = { tag: "incomplete" };

/** Looks whether the body is all there at the beginning of `input`, one character a byte. It is bounded, so it is read anew each time. */
export function parseBody(input: string, framing: Framing): BodyProgress {
  return framing.tag === "chunked" ? parseChunks(input) : parseLength(input, framing.length);
}

function parseLength(input: string, length: number): BodyProgress {
  if (length > MAX_BODY_BYTES) return tooLarge();
  return input.length < length ? INCOMPLETE : { tag: "complete", body: input.slice(0, length), used: length };
}

function parseChunks(input: string): BodyProgress {
  let at = 0;
  let body = "";
  for (;;) {
    const end = input.indexOf("\r\n", at);
    if ((end === -1 ? input.length : end) - at > MAX_CHUNK_LINE) return malformed();
    if (end === -1) return INCOMPLETE;
    const [, digits] = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?$/.exec(input.slice(at, end)) ?? [];
    if (digits === undefined) return malformed();
    const length = Number.parseInt(digits, 16);
    if (length === 0) return parseTrailer(input, { at: end, body });
    if (body.length + length > MAX_BODY_BYTES) return tooLarge();
    const next = end + 2 + length;
    if (input.length < next + 2) return INCOMPLETE;
    if (input.slice(next, next + 2) !== "\r\n") return malformed();
    body += input.slice(end + 2, next);
    at = next + 2;
  }
}

/** `at`: the line end of the last chunk. What trailers say is not listened to. */
function parseTrailer(input: string, { at, body }: { at: number; body: string }): BodyProgress {
  const end = input.indexOf("\r\n\r\n", at);
  if (end !== -1 && end - at <= MAX_TRAILER_BYTES) return { tag: "complete", body, used: end + 4 };
  return input.length - at > MAX_TRAILER_BYTES ? malformed() : INCOMPLETE;
}

function malformed(): HttpFault {
  return fault("bad-request", "its chunks are malformed");
}

function tooLarge(): HttpFault {
  return fault("too-large", `the body has more than ${MAX_BODY_BYTES} bytes`);
}
