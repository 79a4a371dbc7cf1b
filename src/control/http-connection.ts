/*
 * One connection of a client: requests in, answers out, one after another. The runtime's own server can neither bound how many
 * connections there are nor end those that say nothing without ending those that wait for a service.
 */
import { parseBody } from "./http-body.ts";
import { type Head, type HttpFault, fault, MAX_HEAD_BYTES, parseHead } from "./http-head.ts";
import { OutgoingBytes } from "./outgoing-bytes.ts";
import { isEndless } from "./line-stream.ts";
import { problemResponse } from "./problem.ts";

/** How long a request may take to arrive, from its connection or its first byte on, in milliseconds. */
export const MAX_ARRIVAL_MS = 10_000;
/** How long a connection is kept for a further request. */
export const MAX_IDLE_MS = 30_000;
/** How long a reader may take no byte of an answer; streams are read at leisure. */
const MAX_STALL_MS = 60_000;
/** How long what was said last may take to be read. */
const MAX_FAREWELL_MS = 2_000;
/** Most bytes that are kept of what a client sends: a request in small chunks, and what it sends ahead. */
const MAX_INPUT_BYTES = 128 * 1024;

const SOON = "HTTP/1.1 100 Continue\r\n\r\n";

/** The socket of a connection, as far as it is needed. */
export interface Wire {
  /** How many bytes were taken; -1: the connection is gone. */
  write(bytes: Uint8Array): number;
  /** Sends what was written, and then an end; what the client still sends may still come. */
  shutdown(): void;
  /** Ends it at once. */
  terminate(): void;
}

export interface ConnectionPorts {
  readonly wire: Wire;
  /** Answers one request; never rejects. */
  answer(request: Request): Promise<Response>;
  /** Milliseconds; only differences count. */
  now(): number;
  /** The time at which `expire` is due has changed. */
  deadlineChanged(): void;
}

/** head and body: a request is awaited; answering: it is all there; leaving: no other one is read. */
type Phase = "head" | "body" | "answering" | "leaving" | "closed";

export class HttpConnection {
  readonly #ports: ConnectionPorts;
  readonly #out: OutgoingBytes;
  #phase: Phase = "head";
  /** What has arrived and was not understood yet, one character a byte. */
  #input = "";
  #head: Head | null = null;
  #gone = new AbortController();
  #deadline: number;
  #hasPeerEnded = false;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    this.#out = new OutgoingBytes(ports.wire);
    this.#deadline = ports.now() + MAX_ARRIVAL_MS;
  }

  /** When it has to be looked at again; infinite: never. */
  get deadline(): number {
    return this.#deadline;
  }

  /** true: nothing is lost but what was not asked yet, or what was said last. */
  get isIdle(): boolean {
    return this.#phase !== "answering";
  }

  receive(bytes: Buffer): void {
    if (this.#phase === "leaving" || this.#phase === "closed") return;
    if (this.#phase === "head" && this.#input === "") this.#due(MAX_ARRIVAL_MS);
    this.#input += bytes.toString("latin1");
    if (this.#phase === "answering") {
      if (this.#input.length > MAX_INPUT_BYTES) this.close();
      return;
    }
    this.#advance();
  }

  /** The client sends nothing more; it may still read. */
  ended(): void {
    this.#hasPeerEnded = true;
    if (this.#phase !== "answering") this.#leave();
  }

  /** The socket takes bytes again. */
  writable(): void {
    if (this.#out.flush() && this.#phase === "leaving") return this.#ports.wire.shutdown();
    if (this.#phase === "answering" && Number.isFinite(this.#deadline)) this.#due(MAX_STALL_MS);
  }

  /** The deadline has passed. */
  expire(): void {
    const isSilent = this.#phase === "head" && this.#input === "";
    if (isSilent || (this.#phase !== "head" && this.#phase !== "body")) return this.close();
    void this.#refuse(fault("too-slow", `it did not arrive within ${MAX_ARRIVAL_MS / 1000}s`));
  }

  /** Answers that there is no room for it. */
  turnAway(reason: string): void {
    void this.#say(problemResponse("busy", reason));
  }

  /** The socket is gone, or is to go at once. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#out.drop();
    this.#gone.abort();
    this.#ports.wire.terminate();
  }

  #due(after: number): void {
    this.#deadline = this.#ports.now() + after;
    this.#ports.deadlineChanged();
  }

  #advance(): void {
    if (this.#phase === "head") {
      const read = this.#readHead();
      if (read === null) return;
      if (read.tag === "fault") return void this.#refuse(read);
      this.#head = read.head;
      this.#phase = "body";
      if (read.head.awaitsContinue) this.#out.write(Buffer.from(SOON));
    }
    const head = this.#head;
    if (this.#phase !== "body" || head === null) return;
    const body = parseBody(this.#input, head.framing);
    if (body.tag === "fault") return void this.#refuse(body);
    if (body.tag === "incomplete") {
      if (this.#input.length > MAX_INPUT_BYTES)
        void this.#refuse(fault("too-large", `it has more than ${MAX_INPUT_BYTES} bytes`));
      return;
    }
    this.#input = this.#input.slice(body.used);
    this.#phase = "answering";
    void this.#answer(head, body.body);
  }

  #readHead(): { readonly tag: "read"; readonly head: Head } | HttpFault | null {
    // Empty lines before a request are left from an earlier one, says RFC 9112.
    this.#input = this.#input.replace(/^(?:\r\n)+/, "");
    const end = this.#input.indexOf("\r\n\r\n");
    if (end > MAX_HEAD_BYTES || (end === -1 && this.#input.length > MAX_HEAD_BYTES))
      return fault("head-too-large", `its head has more than ${MAX_HEAD_BYTES} bytes`);
    if (end === -1) return null;
    const head = parseHead(this.#input.slice(0, end));
    if ("tag" in head) return head;
    this.#input = this.#input.slice(end + 4);
    return { tag: "read", head };
  }

  async #answer(head: Head, body: string): Promise<void> {
    this.#deadline = Number.POSITIVE_INFINITY;
    const request = requestOf(head, body, this.#gone.signal);
    const response = await this.#ports.answer(request);
    const isLast = head.isLast || this.#hasPeerEnded;
    if (isEndless(response)) await this.#pour(response, head);
    else await this.#put(response, { isLast, isHead: head.method === "HEAD" });
    if (this.#phase !== "answering") return;
    if (isLast || isEndless(response) || this.#hasPeerEnded) return this.#leave();
    this.#phase = "head";
    this.#head = null;
    this.#due(this.#input === "" ? MAX_IDLE_MS : MAX_ARRIVAL_MS);
    this.#advance();
  }

  /** Writes a whole answer, or for HEAD what it begins with (RFC 9110, 9.3.2), and is done once all of it was taken. */
  async #put(response: Response, { isLast, isHead }: { isLast: boolean; isHead: boolean }): Promise<void> {
    const body = Buffer.from(await response.arrayBuffer());
    if (this.#isClosed()) return;
    const head = headOf(response, [
      ["content-length", String(body.length)],
      ["connection", isLast ? "close" : "keep-alive"],
    ]);
    this.#out.write(isHead ? head : Buffer.concat([head, body]));
    if (this.#out.isEmpty) return;
    this.#due(MAX_STALL_MS);
    await this.#out.emptied();
  }

  /** Writes an endless answer piece by piece, each once the one before was taken. */
  async #pour(response: Response, { knowsChunks, method }: Head): Promise<void> {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    const stop = (): void => void reader.cancel().catch(() => {});
    this.#gone.signal.addEventListener("abort", stop);
    if (this.#isClosed()) return stop();
    let head = headOf(response, [["connection", "close"], ...(knowsChunks ? [CHUNKED] : [])]);
    let next = method === "HEAD" ? null : reader.read();
    // What is there to be said at once goes along with it.
    if (next === null || Bun.peek.status(next) !== "fulfilled") {
      this.#out.write(head);
      head = NOTHING;
    }
    if (next === null) return stop();
    try {
      for (;;) {
        const { done, value } = await next;
        if (this.#isClosed()) return;
        if (done) break;
        const piece = knowsChunks ? chunkOf(value) : value;
        this.#out.write(head.length === 0 ? piece : Buffer.concat([head, piece]));
        head = NOTHING;
        await this.#out.emptied();
        next = reader.read();
      }
      if (head.length > 0) this.#out.write(head);
      if (knowsChunks) this.#out.write(Buffer.from("0\r\n\r\n"));
    } catch {
      // It was cut off: the missing end says so.
      this.close();
    } finally {
      this.#gone.signal.removeEventListener("abort", stop);
    }
  }

  async #refuse({ kind, reason }: HttpFault): Promise<void> {
    await this.#say(problemResponse(kind, `cannot read the request: ${reason}`));
  }

  async #say(response: Response): Promise<void> {
    this.#phase = "leaving";
    this.#input = "";
    await this.#put(response, { isLast: true, isHead: this.#head?.method === "HEAD" });
    if (!this.#isClosed()) this.#leave();
  }

  #leave(): void {
    this.#phase = "leaving";
    this.#input = "";
    this.#due(MAX_FAREWELL_MS);
    if (!this.#out.isEmpty) return;
    if (this.#hasPeerEnded) this.close();
    else this.#ports.wire.shutdown();
  }

  #isClosed(): boolean {
    return this.#phase === "closed";
  }
}

const NOTHING = Buffer.alloc(0);
const CHUNKED = ["transfer-encoding", "chunked"] as const;

function chunkOf(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

function headOf(response: Response, more: readonly (readonly [string, string])[]): Buffer {
  const headers = [...response.headers.entries(), ["date", new Date().toUTCString()] as const, ...more];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.from(`HTTP/1.1 ${response.status} ${REASONS[response.status] ?? "Status"}\r\n${lines}\r\n`, "latin1");
}

/** The words of RFC 9110 for the statuses that are used. */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

function requestOf(head: Head, body: string, signal: AbortSignal): Request {
  const { target, headers } = head;
  // What HEAD is answered with is what GET would be, and ends where its body would begin.
  const method = head.method === "HEAD" ? "GET" : head.method;
  const hasBody = body !== "" && method !== "GET";
  return new Request(`http://daemonsup${target}`, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    signal,
    ...(hasBody ? { body: Buffer.from(body, "latin1") } : {}),
  });
}
