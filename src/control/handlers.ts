import { hintOf } from "../core/nearest.ts";
import { isPattern, matchesPattern } from "../core/name-pattern.ts";
import { parseSignalName } from "../core/signal-names.ts";
import { millis } from "../core/units.ts";
import { showHealth, showMetrics, showReadiness } from "./answer-health.ts";
import { answerEvents } from "./answer-events.ts";
import { answerHistory, answerReport, answerRuns } from "./answer-history.ts";
import { answerOutput } from "./answer-output.ts";
import { answerPage } from "./answer-page.ts";
import type { AnswerLife, ControlPort, Outcome, Verb } from "./control-port.ts";
import { followLogs } from "./follow-logs.ts";
import { actOnAll } from "./act-on-all.ts";
import { MAX_USAGES } from "./limits.ts";
import type { EndingSink, LineSink, StreamForm } from "./line-stream.ts";
import { noSuchService } from "./no-such-service.ts";
import { problemResponse, quote } from "./problem.ts";
import {
  type AskAnswer,
  askBody,
  emptyBody,
  logsQuery,
  reloadBody,
  scaleBody,
  servicesQuery,
  signalBody,
  startBody,
  upgradeBody,
} from "./protocol.ts";
import { readBody, readQuery, refuseQuery } from "./read-request.ts";
import { requestOf } from "./request-identity.ts";
import type { RouteName } from "./routes.ts";

/** What can be told before everything else is there. */
export type FirstPort = Pick<ControlPort, "names" | "templates" | "look" | "services" | "service">;

/** One request, after its route was found. */
export interface Call<Port = ControlPort> {
  readonly port: Port;
  readonly request: Request;
  readonly url: URL;
  /** The service that the path names; "" on routes that name none. */
  readonly name: string;
  /** Answers with an endless stream, or refuses when there are too many. */
  stream(begin: (sink: LineSink) => () => void, form?: StreamForm): Response;
  /** Answers with a stream that ends by itself, as what it tells of is decided. */
  answerLines(begin: (sink: EndingSink) => () => void): Response;
  /** The same for bytes that somebody else makes; `begin` gives null if there are too many elsewhere. */
  passOn(begin: (life: AnswerLife) => ReadableStream<Uint8Array> | null): Response;
  /** Notes a bug of ours that came to light while the answer was on its way. */
  reportBug(error: unknown): void;
  /** Waits with the caller: ends early when the caller goes away. */
  hold(outcome: Promise<Outcome>): Promise<Outcome>;
}

/** What answers each route. */
export const HANDLERS: Readonly<Record<RouteName, (call: Call) => Response | Promise<Response>>> = {
  services: showServices,
  service: showService,
  start: (call) => answerAsk(call, "start"),
  stop: (call) => answerAsk(call, "stop"),
  restart: (call) => answerAsk(call, "restart"),
  reload: (call) => answerAsk(call, "reload"),
  reset: (call) => answerAsk(call, "reset"),
  signal: answerSignal,
  logs: answerLogs,
  events: answerEvents,
  reloadAll: answerReload,
  shutdown: answerShutdown,
  version: answerVersion,
  graph: showGraph,
  scale: answerScale,
  metrics: showMetrics,
  healthz: showHealth,
  readyz: showReadiness,
  openapi: showDescription,
  act: actOnAll,
  runs: answerRuns,
  history: answerHistory,
  report: answerReport,
  usage: showUsage,
  details: showDetails,
  output: answerOutput,
  upgrade: answerUpgrade,
  page: answerPage,
};

/** What answers a route before everything else is there; the other routes wait for that. */
export const FIRST_HANDLERS: Readonly<Partial<Record<RouteName, (call: Call<FirstPort>) => Promise<Response>>>> = {
  services: showServices,
  service: showService,
};

async function showServices(call: Call<FirstPort>): Promise<Response> {
  const name = await readPattern(call.url.searchParams);
  if (name instanceof Response) return name;
  await call.port.look(name === null || isPattern(name) ? null : name);
  return Response.json(call.port.services(testOf(name)));
}

async function showUsage(call: Call): Promise<Response> {
  const name = await readPattern(call.url.searchParams);
  return name instanceof Response ? name : Response.json(call.port.usages(testOf(name), MAX_USAGES));
}

function testOf(pattern: string | null): (service: string) => boolean {
  return pattern === null ? () => true : (service) => matchesPattern(service, pattern);
}

/** null: no glob was given, so all are meant. */
async function readPattern(parameters: URLSearchParams): Promise<string | Response | null> {
  if (parameters.size === 0) return null;
  const query = readQuery(parameters, servicesQuery);
  return query.tag === "refused" ? query.response : query.value.name;
}

async function showService(call: Call<FirstPort>): Promise<Response> {
  const refused = refuseQuery(call.url.searchParams);
  if (refused !== null) return refused;
  await call.port.look(call.name);
  const service = call.port.service(call.name);
  return service === null ? noSuchService(call, "show") : Response.json(service);
}

function showDetails(call: Call): Response {
  const refused = refuseQuery(call.url.searchParams);
  if (refused !== null) return refused;
  const details = call.port.details(call.name);
  return details === null ? noSuchService(call, "show") : Response.json(details);
}

interface AskRequest {
  readonly wait: boolean;
  readonly timeout: number | null;
  readonly type?: "oneshot" | null;
}

async function answerAsk(call: Call, verb: Verb): Promise<Response> {
  const isStart = verb === "start";
  const body = isStart ? await readBody(call.request, startBody) : await readBody(call.request, askBody);
  if (body.tag === "refused") return body.response;
  const { wait, timeout, type = null }: AskRequest = body.value;
  const asked = { wait, timeout: timeout === null ? null : millis(timeout), request: requestOf(call.request) };
  const options = type === null ? asked : { ...asked, type };
  return answerOutcome(call, verb, await call.hold(call.port.ask(call.name, verb, options)));
}

async function answerSignal(call: Call): Promise<Response> {
  const body = await readBody(call.request, signalBody);
  if (body.tag === "refused") return body.response;
  const signal = parseSignalName(body.value.signal);
  if (signal === null) {
    return problemResponse(
      "bad-request",
      `cannot signal ${quote(call.name)}: no signal is called ${quote(body.value.signal)}`,
    );
  }
  return answerOutcome(call, "signal", call.port.signal(call.name, signal, requestOf(call.request)));
}

function answerOutcome(call: Call, verb: Verb | "signal", outcome: Outcome): Response {
  if (outcome.tag === "no-such-service") return noSuchService(call, verb);
  const { tag, message } = outcome;
  const answer: AskAnswer = { result: tag, message, service: call.port.service(call.name) };
  return Response.json(answer);
}

async function answerLogs(call: Call): Promise<Response> {
  const query = readQuery(call.url.searchParams, logsQuery);
  if (query.tag === "refused") return query.response;
  const { lines: count, follow } = query.value;
  if (call.port.service(call.name) === null) return noSuchService(call, "show");
  if (follow) return call.stream((sink) => followLogs(call.port, { name: call.name, count }, sink));
  const past = call.port.logs(call.name, count);
  if (past === null) return noSuchService(call, "show");
  const text = (await past).map((line) => `${JSON.stringify(line)}\n`).join("");
  return new Response(text, { headers: { "content-type": "application/x-ndjson" } });
}

async function answerReload(call: Call): Promise<Response> {
  const body = await readBody(call.request, reloadBody);
  if (body.tag === "refused") return body.response;
  const outcome = await call.port.reload(body.value.dry_run, requestOf(call.request));
  switch (outcome.tag) {
    case "applied": {
      const { difference, relayed, notes, plan } = outcome;
      return Response.json({ result: "done", difference, relayed, notes, plan });
    }
    case "invalid":
      return invalidConfiguration("reload", outcome.problems);
    case "refused":
      return problemResponse("refused", `cannot reload: ${outcome.message}`);
  }
}

async function answerScale(call: Call): Promise<Response> {
  const body = await readBody(call.request, scaleBody);
  if (body.tag === "refused") return body.response;
  const { instances: count, wait, timeout } = body.value;
  const what = `scale ${quote(call.name)}`;
  const outcome = await call.port.scale(call.name, count, {
    wait,
    timeout: timeout === null ? null : millis(timeout),
  });
  switch (outcome.tag) {
    case "scaled": {
      const { result, added, removed, instances, notes } = outcome;
      return Response.json({ result, added, removed, instances, notes });
    }
    case "no-such-template":
      return problemResponse(
        "no-such-service",
        `cannot ${what}: no such template${hintOf(outcome.template, outcome.known)}${singleWordsOf(outcome.template, call.port.names())}`,
      );
    case "invalid":
      return invalidConfiguration(what, outcome.problems);
    case "refused":
      return problemResponse("refused", `cannot ${what}: ${outcome.message}`);
  }
}

function singleWordsOf(name: string, services: readonly string[]): string {
  return services.includes(name)
    ? `; "${name}" is a single service, the file of a template would be "${name}@.toml"`
    : "";
}

function invalidConfiguration(what: string, problems: readonly string[]): Response {
  const detail = `cannot ${what}: the configuration is invalid, nothing was changed`;
  return problemResponse("invalid-configuration", detail, { problems });
}

function showGraph(call: Call): Response {
  return refuseQuery(call.url.searchParams) ?? Response.json(call.port.graph());
}

async function answerShutdown(call: Call): Promise<Response> {
  const body = await readBody(call.request, emptyBody);
  if (body.tag === "refused") return body.response;
  const outcome = call.port.shutdown();
  if (outcome.tag === "no-such-service") return problemResponse("refused", `cannot shut down: ${outcome.message}`);
  const answer: AskAnswer = { result: outcome.tag, message: outcome.message, service: null };
  return Response.json(answer);
}

async function answerUpgrade(call: Call): Promise<Response> {
  const body = await readBody(call.request, upgradeBody);
  if (body.tag === "refused") return body.response;
  const { binary } = body.value;
  if (binary !== null && !binary.startsWith("/"))
    return problemResponse("bad-request", `cannot upgrade to ${quote(binary)}: want an absolute path`);
  const outcome = await call.port.upgrade(binary);
  return outcome.tag === "refused" ? problemResponse("refused", outcome.message) : Response.json(outcome.upgrade);
}

function answerVersion(call: Call): Response {
  return refuseQuery(call.url.searchParams) ?? Response.json(call.port.version());
}

/** Made when somebody asks: what it is made from is loaded then. */
async function showDescription(call: Call): Promise<Response> {
  const refused = refuseQuery(call.url.searchParams);
  if (refused !== null) return refused;
  const { openApiOf } = await import("./openapi.ts");
  return Response.json(openApiOf(call.port.version().version));
}
