/*
 * The head of a request as RFC 9112 has it, read strictly: what can be understood in two ways is refused, as it may be meant
 * to slip past somebody.
 */
import type { ProblemKind } from "./problem.ts";

/** Most bytes of a request's head: request line and headers. */
export const MAX_HEAD_BYTES = 16 * 1024;
/** Most headers. */
const MAX_HEADERS = 64;

export interface Head {
  readonly method: string;
  /** Path and query as they were sent: printable ASCII that begins with a slash. */
  readonly target: string;
  /** Names in lower case, in their order; more than one of a name is possible. */
  readonly headers: readonly (readonly [string, string])[];
  readonly framing: Framing;
  /** true: the connection is for one request. */
  readonly isLast: boolean;
  /** true: an interim answer is waited for before the body is sent. */
  readonly awaitsContinue: boolean;
  /** false: HTTP/1.0, which knows no chunks. */
  readonly knowsChunks: boolean;
}

export type Framing = { readonly tag: "length"; readonly length: number } | { readonly tag: "chunked" };

export interface HttpFault {
  readonly tag: "fault";
  readonly kind: ProblemKind;
  /** What follows "cannot read the request: ". */
  readonly reason: string;
}

const REQUEST_LINE = /^([A-Z]{1,20}) (\S+) HTTP\/([0-9])\.([0-9])$/;
const TARGET = /^\/[\x21\x24-\x7e]*$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const HOST = /^(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])?(?::[0-9]{1,5})?$/;

/** `text`: everything before the empty line, one character a byte. */
export function parseHead(text: string): Head | HttpFault {
  const [first = "", ...lines] = text.split("\r\n");
  const line = REQUEST_LINE.exec(first);
  if (line === null) return fault("bad-request", "the first line is no request of HTTP/1.1");
  const [, method = "", written = "", major, minor] = line;
  if (major !== "1") return fault("other-version", `the version is HTTP/${major}.${minor}, want HTTP/1.1`);
  // The absolute form is for proxies, and has to be understood all the same.
  const target = written.replace(/^http:\/\/[^/?#]*/i, "") || "/";
  if (!TARGET.test(target)) return fault("bad-request", "the address is malformed, want a path");
  if (lines.length > MAX_HEADERS)
    return fault("head-too-large", `it has ${lines.length} headers, want at most ${MAX_HEADERS}`);
  const headers: (readonly [string, string])[] = [];
  for (const each of lines) {
    const [, name, value = ""] = HEADER.exec(each) ?? [];
    if (name === undefined) return fault("bad-request", "a header is malformed");
    headers.push([name.toLowerCase(), value]);
  }
  const isOld = minor === "0";
  const hostFault = faultOfHost(headers, isOld);
  if (hostFault !== null) return hostFault;
  const framing = framingOf(headers);
  if (framing.tag === "fault") return framing;
  const connection = valuesOf(headers, "connection").join(",").toLowerCase();
  const isLast = isOld || /(?:^|[,\s])close(?:$|[,\s])/.test(connection);
  const awaitsContinue = !isOld && valuesOf(headers, "expect").some((value) => value.toLowerCase() === "100-continue");
  return { method, target, headers, framing, isLast, awaitsContinue, knowsChunks: !isOld };
}

function faultOfHost(headers: Head["headers"], mayBeMissing: boolean): HttpFault | null {
  const hosts = valuesOf(headers, "host");
  const [host] = hosts;
  if (host === undefined) return mayBeMissing ? null : fault("bad-request", "it has no Host");
  if (hosts.length > 1 || !HOST.test(host)) return fault("bad-request", "its Host is malformed");
  return null;
}

function framingOf(headers: Head["headers"]): Framing | HttpFault {
  const lengths = valuesOf(headers, "content-length");
  const codings = valuesOf(headers, "transfer-encoding");
  if (codings.length > 0) {
    if (lengths.length > 0) return fault("bad-request", "it has both Content-Length and Transfer-Encoding");
    if (codings.length > 1 || codings[0]?.toLowerCase() !== "chunked")
      return fault("not-implemented", "its Transfer-Encoding is not understood, want chunked");
    return { tag: "chunked" };
  }
  const [length = "0"] = lengths;
  if (lengths.length > 1 || !/^[0-9]{1,15}$/.test(length))
    return fault("bad-request", "its Content-Length is malformed");
  return { tag: "length", length: Number(length) };
}

function valuesOf(headers: Head["headers"], wanted: string): readonly string[] {
  return headers.filter(([name]) => name === wanted).map(([, value]) => value);
}

export function fault(kind: ProblemKind, reason: string): HttpFault {
  return { tag: "fault", kind, reason };
}
