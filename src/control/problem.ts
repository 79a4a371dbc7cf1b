import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import type { ProblemDetails } from "./protocol.ts";

/** Everything that can be wrong with a request: HTTP status, title, and the exit status that a command makes of it. */
export const PROBLEMS = {
  "bad-request": { status: 400, title: "The request is not understood", exit: EXIT.usage },
  "no-token": { status: 401, title: "No token, or a wrong one", exit: EXIT.permission },
  "read-only": { status: 403, title: "This socket only shows, it does not change", exit: EXIT.permission },
  "from-a-page": { status: 403, title: "Not for pages in a browser", exit: EXIT.permission },
  "no-such-service": { status: 404, title: "No such service", exit: EXIT.noSuchService },
  "no-such-run": { status: 404, title: "No such run", exit: EXIT.failed },
  "no-such-path": { status: 404, title: "No such path", exit: EXIT.usage },
  "wrong-method": { status: 405, title: "Wrong method", exit: EXIT.usage },
  "too-slow": { status: 408, title: "The request did not arrive in time", exit: EXIT.timedOut },
  refused: { status: 409, title: "Refused", exit: EXIT.failed },
  gone: { status: 410, title: "These events are not kept any more", exit: EXIT.failed },
  "too-large": { status: 413, title: "The request is too large", exit: EXIT.usage },
  "invalid-configuration": { status: 422, title: "The configuration is invalid", exit: EXIT.invalidConfiguration },
  "wrong-host": { status: 421, title: "This is not that host", exit: EXIT.usage },
  "too-many-failures": { status: 429, title: "Too many wrong tokens", exit: EXIT.permission },
  "head-too-large": { status: 431, title: "The head of the request is too large", exit: EXIT.usage },
  "internal-error": { status: 500, title: "Internal error", exit: EXIT.failed },
  "not-implemented": { status: 501, title: "This is not understood", exit: EXIT.usage },
  "not-ready": { status: 503, title: "Not all services are up", exit: EXIT.notUp },
  busy: { status: 503, title: "Too many requests at the same time", exit: EXIT.failed },
  "other-version": { status: 505, title: "Another version of HTTP", exit: EXIT.usage },
} as const satisfies Readonly<Record<string, { status: number; title: string; exit: ExitStatus }>>;

export type ProblemKind = keyof typeof PROBLEMS;

export interface ProblemExtras {
  readonly problems?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

const MEDIA_TYPE = "application/problem+json";

/** An answer that says what is wrong. Where it was said of is filled in by the server, which knows the request. */
class ProblemResponse extends Response {
  readonly #details: ProblemDetails;

  constructor(details: ProblemDetails, headers: Readonly<Record<string, string>>) {
    super(JSON.stringify(details), { status: details.status, headers: { ...headers, "content-type": MEDIA_TYPE } });
    this.#details = details;
  }

  at(instance: string): ProblemResponse {
    return new ProblemResponse({ ...this.#details, instance }, Object.fromEntries(this.headers.entries()));
  }
}

/** An answer that says what is wrong, as RFC 9457 problem details. `detail` is one sentence of our message grammar. */
export function problemResponse(kind: ProblemKind, detail: string, extras: ProblemExtras = {}): Response {
  const { status, title, exit } = PROBLEMS[kind];
  const type = `urn:daemonsup:problem:${kind}`;
  const problems = [...(extras.problems ?? [])];
  return new ProblemResponse({ type, title, status, detail, instance: "", exit, problems }, extras.headers ?? {});
}

/** The same answer; if it says what is wrong, it also says of which path (a URI reference). */
export function withInstance(response: Response, path: string): Response {
  return response instanceof ProblemResponse ? response.at(path) : response;
}

/** What a request named, in quotes and no longer than fits a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
