import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import type { Millis } from "../core/units.ts";
import type { Answers, LineRoute, ValueRoute } from "./answers.ts";
import { readLines } from "./read-lines.ts";
import { pathOf, type RouteName, ROUTES } from "./routes.ts";
import { REQUEST_HEADER } from "./request-identity.ts";
import { codeOf, socketPathProblem, statusSocketBeside } from "./socket-file.ts";

/** Where a supervisor is to be found. */
export interface SupervisorPlace {
  readonly socket: string;
  /** true while some process holds the lock of the pid file, so that a socket that does not answer is worth a second try. */
  isLocked(): boolean;
}

export interface Question<R extends RouteName> {
  readonly route: R;
  /** The service; null on routes that name none. */
  readonly name: string | null;
  /** The number of a run of it; only on routes that want one. */
  readonly run?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** How long the answer may take once the supervisor is reached; null: for ever. */
  readonly patience: Millis | null;
  readonly signal?: AbortSignal;
  /** What a request that changes something is known by, so that it may be sent again; without it, it is sent once. */
  readonly identity?: string;
}

/** Why there is no answer. `message` is a whole sentence of our grammar; `problems` are those of the configuration, else empty. */
export interface Refusal {
  readonly tag: "refused";
  readonly why: "not-running" | "unresponsive" | "permission" | "problem" | "broken" | "aborted";
  readonly exit: ExitStatus;
  readonly message: string;
  readonly problems: readonly string[];
}

export type Reply<T> = { readonly tag: "ok"; readonly value: T } | Refusal;

/** How long a client tries to reach a supervisor that is being replaced; the next version has as long to come up in an upgrade. */
const TRY_FOR_MS = 10_000;
/** So often supervisors may die of, or during, one request before it is given up. */
const MOST_CUTS = 10;
const TRY_EVERY_MS = 20;

/** Who asks for these twice has what asking once brings: they say how things are to be, not what is to be done. */
const REPEATABLE: readonly RouteName[] = ["reloadAll", "scale", "shutdown"];

/** Asks for one JSON value. Never rejects. */
export async function ask<R extends ValueRoute>(
  place: SupervisorPlace,
  question: Question<R>,
): Promise<Reply<Answers[R]>> {
  const response = await reach(place, question, "value");
  if (!(response instanceof Response)) return response;
  try {
    // The supervisor is of our own make: its answer is believed as the protocol describes it.
    return { tag: "ok", value: (await response.json()) as Answers[R] };
  } catch (error) {
    return failure(place, codeOf(error));
  }
}

/** Asks for lines; they are read as they arrive, and a connection that breaks ends them with an error. */
export async function askLines<R extends LineRoute>(
  place: SupervisorPlace,
  question: Question<R>,
): Promise<Reply<AsyncIterable<Answers[R]>>> {
  const response = await reach(place, question, "lines");
  if (!(response instanceof Response)) return response;
  return { tag: "ok", value: readLines<Answers[R]>(response.body) };
}

/**
 * Asks for lines that come to an end, and hands each over as it arrives. null: all have come; otherwise why not. A request with
 * an identity is sent again when the supervisor is replaced: lines may come twice then. `take` says of a line that it is known to be the last,
 * `isWhole` at the end whether all have come.
 */
export async function askEach<R extends LineRoute>(
  place: SupervisorPlace,
  question: Question<R>,
  { take, isWhole }: { readonly take: (line: Answers[R]) => boolean; readonly isWhole: () => boolean },
): Promise<Refusal | null> {
  for (;;) {
    const reply = await askLines(place, question);
    if (reply.tag === "refused") return reply;
    let broken: Refusal | null = null;
    let isOver = false;
    try {
      for await (const line of reply.value) {
        isOver = take(line);
        // That the connection ends as well is not worth waiting for.
        if (isOver) break;
      }
    } catch (error) {
      broken = failure(place, nameOf(error));
    }
    // Whatever became of the connection after that.
    if (isOver) return null;
    const mayAskAgain = question.identity !== undefined && question.signal?.aborted !== true && place.isLocked();
    if (isWhole() || !mayAskAgain) return broken;
    await Bun.sleep(TRY_EVERY_MS);
  }
}

/** A value, and a problem, has to have come as a whole; lines are read as they come. */
type Form = "value" | "lines";

async function reach<R extends RouteName>(
  place: SupervisorPlace,
  question: Question<R>,
  form: Form,
): Promise<Response | Refusal> {
  const problem = socketPathProblem(place.socket);
  if (problem !== null) return refusal("broken", EXIT.usage, problem);
  let [unreachedSince, cuts] = [performance.now(), 0];
  for (;;) {
    const response = await attemptBoth(place.socket, question, form);
    if (response instanceof Response) return response.ok ? response : await refusalOf(place, response);
    if (isCutOff(response)) {
      cuts += 1;
      // One was reached just now: the next has as long to come, however long this one took for its answer.
      unreachedSince = performance.now();
    }
    const hasPatience = cuts <= MOST_CUTS && performance.now() - unreachedSince < TRY_FOR_MS;
    if (!hasPatience || !isWorthAnotherTry(place, question, response))
      return cuts > 0 && !place.isLocked() ? brokenOff(place, response) : failure(place, response);
    await Bun.sleep(TRY_EVERY_MS);
  }
}

/** Who may not operate may still look, through another socket. */
async function attemptBoth<R extends RouteName>(
  socket: string,
  question: Question<R>,
  form: Form,
): Promise<Response | string> {
  const response = await attempt(socket, question, form);
  if (response !== "EACCES" || ROUTES[question.route].access !== "read") return response;
  const looked = await attempt(statusSocketBeside(socket), question, form);
  return looked instanceof Response ? looked : response;
}

/** One attempt; a failure is the name of its errno. */
async function attempt<R extends RouteName>(
  socket: string,
  question: Question<R>,
  form: Form,
): Promise<Response | string> {
  const { route, name, run, query, body, patience, signal, identity } = question;
  const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
  const end = endOf(patience, signal);
  try {
    const response = await fetch(`http://daemonsup${pathOf(route, name, run)}${search}`, {
      unix: socket,
      method: ROUTES[route].method,
      keepalive: false,
      // The default ends a wait after five minutes.
      timeout: false,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(identity === undefined ? {} : { [REQUEST_HEADER]: identity }),
      },
      ...(end === undefined ? {} : { signal: end }),
    });
    return form === "lines" && response.ok
      ? response
      : new Response(await response.bytes(), { status: response.status });
  } catch (error) {
    return nameOf(error);
  }
}

function nameOf(error: unknown): string {
  const isOurs = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
  return isOurs ? error.name : codeOf(error);
}

function endOf(patience: Millis | null, signal: AbortSignal | undefined): AbortSignal | undefined {
  if (patience === null) return signal;
  const late = AbortSignal.timeout(patience);
  return signal === undefined ? late : AbortSignal.any([signal, late]);
}

function isWorthAnotherTry<R extends RouteName>(place: SupervisorPlace, question: Question<R>, code: string): boolean {
  // The queue of the socket is full: there is a supervisor, it is only busy.
  if (code === "EAGAIN") return true;
  // A request that reached the old supervisor must not be carried out by the new one as well, unless that knows it again.
  const mayHaveArrived = isCutOff(code);
  const isOnlyOnce = ROUTES[question.route].method !== "GET" && !REPEATABLE.includes(question.route);
  if (mayHaveArrived && isOnlyOnce && question.identity === undefined) return false;
  return (mayHaveArrived || code === "ENOENT" || code === "ECONNREFUSED") && place.isLocked();
}

/** true: the request may have reached a supervisor that was gone before it answered. */
function isCutOff(code: string): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}

const WHO_MAY = 'its user and root may, and the group of "[control]" in daemonsup.toml';

/** What a failed attempt means. `code` is the name of an errno, AbortError or TimeoutError. */
function failure(place: SupervisorPlace, code: string): Refusal {
  const object = `"${place.socket}"`;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ECONNREFUSED":
      if (place.isLocked())
        return refusal(
          "unresponsive",
          EXIT.failed,
          `cannot connect to ${object}: a supervisor runs, but it does not answer`,
        );
      return refusal("not-running", EXIT.notRunning, `cannot connect to ${object}: no supervisor is running there`);
    case "EACCES":
    case "EPERM":
      return refusal("permission", EXIT.permission, `cannot connect to ${object}: permission denied; ${WHO_MAY}`);
    case "TimeoutError":
      return refusal("unresponsive", EXIT.timedOut, `cannot ask ${object}: the supervisor did not answer in time`);
    case "AbortError":
      return refusal("aborted", EXIT.failed, `cannot ask ${object}: interrupted`);
    default:
      return brokenOff(place, code);
  }
}

/** The connection ended before the answer did; `code` says how, if it is known. */
export function brokenOff(place: SupervisorPlace, code: string): Refusal {
  return refusal(
    "broken",
    EXIT.failed,
    `cannot ask "${place.socket}": the connection broke before the answer came (${code})`,
  );
}

async function refusalOf(place: SupervisorPlace, response: Response): Promise<Refusal> {
  try {
    const problem: unknown = await response.json();
    if (isProblem(problem)) {
      const why = problem.exit === EXIT.permission ? "permission" : "problem";
      return { tag: "refused", why, exit: problem.exit, message: problem.detail, problems: problem.problems };
    }
  } catch {
    // Said below.
  }
  return refusal("broken", EXIT.failed, `cannot ask "${place.socket}": got status ${response.status} without a reason`);
}

function isProblem(value: unknown): value is { exit: ExitStatus; detail: string; problems: string[] } {
  return (
    typeof value === "object" &&
    value !== null &&
    "exit" in value &&
    Object.values<unknown>(EXIT).includes(value.exit) &&
    "detail" in value &&
    typeof value.detail === "string" &&
    "problems" in value &&
    Array.isArray(value.problems)
  );
}

function refusal(why: Refusal["why"], exit: ExitStatus, message: string): Refusal {
  return { tag: "refused", why, exit, message, problems: [] };
}
