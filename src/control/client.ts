import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import type { Millis } from "../core/units.ts";
import type { Answers, LineRoute, ValueRoute } from "./answers.ts";
import { type ConnectClient, IncomingAnswer } from "./client-connection.ts";
import { encodeRequest } from "./encode-request.ts";
import { readLines } from "./read-lines.ts";
import { type RouteName, ROUTES } from "./routes.ts";
import { codeOf, socketPathProblem, statusSocketBeside } from "./socket-file.ts";

/** Where a supervisor is to be found. */
export interface SupervisorPlace {
  readonly socket: string;
  readonly connect: ConnectClient;
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
  /** What is to be done while the supervisor is at work on it: called once it is sent, and awaited before its answer. */
  readonly meanwhile?: () => Promise<unknown>;
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
  const reached = await reach(place, question, "value");
  if ("tag" in reached) return reached;
  try {
    // The supervisor is of our own make: its answer is believed as the protocol describes it.
    return { tag: "ok", value: JSON.parse(textOf(reached.body)) as Answers[R] };
  } catch (error) {
    return failure(place, codeOf(error));
  }
}

/** Asks for lines; they are read as they arrive, and a connection that breaks ends them with an error. */
export async function askLines<R extends LineRoute>(
  place: SupervisorPlace,
  question: Question<R>,
): Promise<Reply<AsyncIterable<Answers[R]>>> {
  const reached = await reach(place, question, "lines");
  if ("tag" in reached) return reached;
  return { tag: "ok", value: readLines<Answers[R]>(reached.answer.pieces()) };
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
      broken = failure(place, codeOf(error));
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

/** An answer that has begun; its body is empty where lines are still to be read. */
interface Reached {
  readonly answer: IncomingAnswer;
  readonly body: Uint8Array;
}

async function reach<R extends RouteName>(
  place: SupervisorPlace,
  question: Question<R>,
  form: Form,
): Promise<Reached | Refusal> {
  const problem = socketPathProblem(place.socket);
  if (problem !== null) return refusal("broken", EXIT.usage, problem);
  let [unreachedSince, cuts] = [performance.now(), 0];
  for (;;) {
    const reached = await attemptBoth(place, question, form);
    if (typeof reached !== "string") return isGood(reached.answer) ? reached : refusalOf(place, reached);
    if (isCutOff(reached)) {
      cuts += 1;
      // One was reached just now: the next has as long to come, however long this one took for its answer.
      unreachedSince = performance.now();
    }
    const hasPatience = cuts <= MOST_CUTS && performance.now() - unreachedSince < TRY_FOR_MS;
    if (!hasPatience || !isWorthAnotherTry(place, question, reached))
      return cuts > 0 && !place.isLocked() ? brokenOff(place, reached) : failure(place, reached);
    await Bun.sleep(TRY_EVERY_MS);
  }
}

/** Who may not operate may still look, through another socket. */
async function attemptBoth<R extends RouteName>(
  place: SupervisorPlace,
  question: Question<R>,
  form: Form,
): Promise<Reached | string> {
  const reached = await attempt(place, question, form);
  if (reached !== "EACCES" || ROUTES[question.route].access !== "read") return reached;
  const looked = await attempt({ ...place, socket: statusSocketBeside(place.socket) }, question, form);
  return typeof looked === "string" ? reached : looked;
}

/** One attempt; a failure is the name of its errno, AbortError or TimeoutError. What is asked at the same time is sent before the first waits. */
async function attempt<R extends RouteName>(
  { socket, connect }: SupervisorPlace,
  question: Question<R>,
  form: Form,
): Promise<Reached | string> {
  const { patience, signal } = question;
  if (signal?.aborted === true) return "AbortError";
  const connection = await connect(socket, encodeRequest(question));
  if (typeof connection === "string") return connection;
  await question.meanwhile?.();
  const answer = new IncomingAnswer(connection, { patience, signal });
  const problem = await answer.begin();
  if (problem !== null) {
    answer.close();
    return problem;
  }
  if (form === "lines" && isGood(answer)) return { answer, body: new Uint8Array() };
  const body = await answer.whole();
  return typeof body === "string" ? body : { answer, body };
}

function isGood({ status }: IncomingAnswer): boolean {
  return status >= 200 && status < 300;
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body);
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

function refusalOf(place: SupervisorPlace, { answer, body }: Reached): Refusal {
  try {
    const problem: unknown = JSON.parse(textOf(body));
    if (isProblem(problem)) {
      const why = problem.exit === EXIT.permission ? "permission" : "problem";
      return { tag: "refused", why, exit: problem.exit, message: problem.detail, problems: problem.problems };
    }
  } catch {
    // Said below.
  }
  return refusal("broken", EXIT.failed, `cannot ask "${place.socket}": got status ${answer.status} without a reason`);
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
