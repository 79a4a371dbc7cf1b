import { faultOf } from "../core/fault.ts";
import type { ControlPort, Outcome } from "./control-port.ts";
import { type Call, FIRST_HANDLERS, type FirstPort, HANDLERS } from "./handlers.ts";
import { type HttpListener, listenHttp } from "./http-listener.ts";
import { EndlessResponse, NDJSON, streamLines } from "./line-stream.ts";
import { problemResponse, withInstance } from "./problem.ts";
import { type Access, matchRoute, ROUTES } from "./routes.ts";
import { codeOf } from "./socket-file.ts";

/** Most streams (events and followed logs) at the same time. */
export const MAX_STREAMS = 64;
/** Most requests that wait for a service at the same time. */
export const MAX_WAITING = 4096;

/** Most of a path that an answer repeats, in characters. */
const MOST_INSTANCE = 500;

export interface ControlServerOptions {
  /** "read" refuses every route that changes something. */
  readonly access: Access;
  /** Is told of a bug of ours that a request brought to light; the caller got "internal error". */
  readonly report: (message: string) => void;
  /** Most requests that wait for a service at the same time. */
  readonly mostWaiting: number;
  /** Most streams (events and followed logs) at the same time. */
  readonly mostStreams: number;
}

export interface ControlServer {
  /** Answers one request; never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** How many requests wait until everything is there. */
  readonly waitingCount: () => number;
  /** Ends every stream and every wait, as if their callers had gone. */
  readonly close: () => void;
}

/** Who answers: until everything is there, which is when `whole` is fulfilled, `first` does what it can, and all else waits. */
export interface ComingPort {
  /** null: it can do nothing, or has done what it was there for. */
  readonly first: () => FirstPort | null;
  readonly whole: Promise<ControlPort>;
}

/** The conversation itself, without a socket: requests in, answers out, everything else through the port. */
export function createControlServer(port: ControlPort | ComingPort, options: ControlServerOptions): ControlServer {
  const life = new AbortController();
  const load = { streams: 0, waiting: 0, coming: 0 };
  const coming: ComingPort = "whole" in port ? port : { first: () => null, whole: Promise.resolve(port) };
  let whole = "whole" in port ? null : port;
  void coming.whole.then((arrived) => (whole = arrived));

  async function fetch(request: Request): Promise<Response> {
    whole?.answering();
    const response = await answer(request);
    whole?.answering();
    return withInstance(response, URL.parse(request.url)?.pathname.slice(0, MOST_INSTANCE) ?? "");
  }

  async function answer(request: Request): Promise<Response> {
    try {
      const found = locate(request, options.access);
      if (found instanceof Response) return found;
      const first = whole === null ? coming.first() : null;
      const early = FIRST_HANDLERS[found.route] ?? null;
      if (first !== null && early !== null) return await early(callOf(request, found, first));
      return await HANDLERS[found.route](callOf(request, found, whole ?? (await waitForWhole())));
    } catch (error) {
      reportBug(request, error);
      return problemResponse("internal-error", `cannot answer the request: ${faultOf(error).brief}`);
    }
  }

  async function waitForWhole(): Promise<ControlPort> {
    load.coming++;
    try {
      return await coming.whole;
    } finally {
      load.coming--;
    }
  }

  function reportBug({ method }: Request, error: unknown): void {
    options.report(`${method} request: ${faultOf(error).report}`);
  }

  function streamIsOver(): void {
    load.streams--;
    whole?.answering();
  }

  function callOf<Port>(request: Request, found: Found, port: Port): Call<Port> {
    return {
      port,
      request,
      url: found.url,
      name: found.name,
      stream(begin, form) {
        if (load.streams >= options.mostStreams) {
          return problemResponse("busy", `cannot open a stream: ${options.mostStreams} are open, want fewer`);
        }
        return streamLines(
          life.signal,
          (sink) => {
            load.streams++;
            const stop = begin(sink);
            return () => {
              streamIsOver();
              stop();
            };
          },
          form,
        );
      },
      passOn(begin) {
        const body = load.streams >= options.mostStreams ? null : begin({ end: life.signal, over: streamIsOver });
        if (body === null) return problemResponse("busy", "cannot open a stream: too many are open, want fewer");
        load.streams++;
        return new EndlessResponse(body, { headers: { "content-type": NDJSON.type, "cache-control": "no-store" } });
      },
      // It is the end of the waiting, not of the server, that ends it: its last lines say so.
      answerLines: (begin) => streamLines(new AbortController().signal, begin),
      reportBug: (error) => reportBug(request, error),
      hold: (outcome) => held(outcome, AbortSignal.any([request.signal, life.signal])),
    };
  }

  async function held(outcome: Promise<Outcome>, gone: AbortSignal): Promise<Outcome> {
    if (load.waiting >= options.mostWaiting) {
      void outcome.catch(() => {});
      return { tag: "failed", message: `asked, but not waited for: ${options.mostWaiting} requests wait already` };
    }
    load.waiting++;
    const left = Promise.withResolvers<Outcome>();
    const leave = (): void => left.resolve({ tag: "failed", message: "the supervisor ends" });
    gone.addEventListener("abort", leave);
    if (gone.aborted) leave();
    try {
      return await Promise.race([outcome, left.promise]);
    } finally {
      gone.removeEventListener("abort", leave);
      load.waiting--;
    }
  }

  return { fetch, waitingCount: () => load.coming, close: () => life.abort() };
}

interface Found {
  readonly route: keyof typeof ROUTES;
  readonly url: URL;
  readonly name: string;
}

const NO_PATH = "no such path, all are in /openapi.json";

function locate(request: Request, access: Access): Found | Response {
  // A malformed Host header makes the address unreadable.
  const url = URL.parse(request.url);
  if (url === null) return problemResponse("bad-request", "cannot read the request: its address is malformed");
  const match = matchRoute(request.method, url.pathname);
  switch (match.tag) {
    case "unknown":
      return problemResponse("no-such-path", `cannot find ${JSON.stringify(url.pathname.slice(0, 100))}: ${NO_PATH}`);
    case "malformed":
      return problemResponse("bad-request", "cannot read the request: the service's name is not percent-encoded UTF-8");
    case "wrong-method": {
      // Whatever may be asked by GET may be asked by HEAD.
      const allow = match.allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
      const path = JSON.stringify(url.pathname.slice(0, 100));
      return problemResponse("wrong-method", `cannot ${request.method} ${path}: want ${allow}`, {
        headers: { allow },
      });
    }
    case "found":
      if (ROUTES[match.route].access === "operate" && access === "read") {
        return problemResponse("read-only", `cannot ${match.route} through this socket: it is read only`);
      }
      return { route: match.route, url, name: match.name ?? "" };
  }
}

/** How long the last answers may take to be read when the server ends, in milliseconds. */
const LAST_WORDS_MS = 100;

/**
 * Connections that are kept for those who neither wait for a service nor follow a stream: their requests are answered at once,
 * so there is always room for a further one.
 */
const QUICK_CONNECTIONS = 256;

export interface ServeOptions extends Omit<ControlServerOptions, "mostWaiting" | "mostStreams"> {
  /** Most connections at the same time; fewer if nobody could use so many. */
  readonly capacity: number;
}

export type ServeResult =
  /** `isAnswering`: some request is being answered, and does not wait until everything is there. `close` ends all connections. */
  | { readonly tag: "serving"; readonly isAnswering: () => boolean; readonly close: () => Promise<void> }
  | { readonly tag: "failed"; readonly message: string };

/** `stop`: takes nobody in any more, and closes the socket. `goOn`: takes them in again, from another descriptor of it; throws. */
export type ServeSocketResult =
  | (Extract<ServeResult, { readonly tag: "serving" }> & Pick<HttpListener, "stop" | "goOn">)
  | Extract<ServeResult, { readonly tag: "failed" }>;

/** Answers those who connect to this socket, which listens already and does not block, and is closed here in the end. */
export function serveControl(socket: number, port: ControlPort | ComingPort, options: ServeOptions): ServeSocketResult {
  const capacity = Math.min(options.capacity, MAX_WAITING + MAX_STREAMS + QUICK_CONNECTIONS);
  const server = createControlServer(port, { ...options, ...shareOut(capacity) });
  try {
    const listener = listenHttp({ tag: "unix", fd: socket }, { capacity, answer: (request) => server.fetch(request) });
    const isAnswering = (): boolean => listener.busyCount() > server.waitingCount();
    const { stop, goOn } = listener;
    return { tag: "serving", isAnswering, stop, goOn, close: () => closeGently(server, listener) };
  } catch (error) {
    return { tag: "failed", message: `cannot listen: ${codeOf(error)}` };
  }
}

/** So many may wait or follow that there is always room for somebody else. */
export function shareOut(capacity: number): Pick<ControlServerOptions, "mostStreams" | "mostWaiting"> {
  const quarter = Math.max(1, Math.floor(capacity / 4));
  const mostStreams = Math.min(MAX_STREAMS, quarter);
  return { mostStreams, mostWaiting: Math.max(1, capacity - mostStreams - Math.min(QUICK_CONNECTIONS, quarter)) };
}

/** Those who wait are told the reason, if they read it soon. */
export async function closeGently(server: ControlServer, listener: HttpListener): Promise<void> {
  listener.stop();
  server.close();
  const deadline = performance.now() + LAST_WORDS_MS;
  while (listener.busyCount() > 0 && performance.now() < deadline) await Bun.sleep(1);
  listener.close();
}
