import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import type { ProblemDetails } from "./protocol.ts";

/** Everything that can be wrong with a request: HTTP status, title, and the exit status that a command makes of it. */
const PROBLEMS = {
  "bad-request": { status: 400, title: "The request is not understood", exit: EXIT.usage },
  "read-only": { status: 403, title: "This socket only shows, it does not change", exit: EXIT.permission },
  "no-such-service": { status: 404, title: "No such service", exit: EXIT.noSuchService },
  "no-such-path": { status: 404, title: "No such path", exit: EXIT.usage },
  "wrong-method": { status: 405, title: "Wrong method", exit: EXIT.usage },
  "too-slow": { status: 408, title: "The request did not arrive in time", exit: EXIT.timedOut },
  refused: { status: 409, title: "Refused", exit: EXIT.failed },
  "too-large": { status: 413, title: "The request is too large", exit: EXIT.usage },
  "invalid-configuration": { status: 422, title: "The configuration is invalid", exit: EXIT.invalidConfiguration },
  "internal-error": { status: 500, title: "Internal error", exit: EXIT.failed },
  busy: { status: 503, title: "Too many requests at the same time", exit: EXIT.failed },
} as const satisfies Readonly<Record<string, { status: number; title: string; exit: ExitStatus }>>;

export type ProblemKind = keyof typeof PROBLEMS;

export interface ProblemExtras {
  readonly problems?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that says what is wrong, as RFC 9457 problem details. `detail` is one sentence of our message grammar. */
export function problemResponse(kind: ProblemKind, detail: string, extras: ProblemExtras = {}): Response {
  const { status, title, exit } = PROBLEMS[kind];
  const problems = [...(extras.problems ?? [])];
  const body: ProblemDetails = { type: `urn:daemonsup:problem:${kind}`, title, status, detail, exit, problems };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...extras.headers, "content-type": "application/problem+json" },
  });
}
