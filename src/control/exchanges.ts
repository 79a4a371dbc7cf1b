import { MAX_USAGES } from "./limits.ts";
import * as history from "./history-protocol.ts";
import type { ProblemKind } from "./problem.ts";
import * as output from "./output-protocol.ts";
import * as page from "./page-protocol.ts";
import * as protocol from "./protocol.ts";
import { METRICS_TYPES } from "./render-metrics.ts";
import type { RouteName } from "./routes.ts";
import { type ObjectShape, type Shape, list } from "./shape.ts";

/** What is said on a route, for those who read about it; the server itself asks only for the shape that it needs. */
export interface Exchange {
  /** One line. */
  readonly summary: string;
  /** null: none may be given. */
  readonly query: ObjectShape | null;
  /** null: none is read. */
  readonly body: ObjectShape | null;
  readonly answer: Answer;
  /** What may be wrong beside what may be wrong with every such request. */
  readonly problems: readonly ProblemKind[];
}

export type Answer =
  | { readonly tag: "value"; readonly shape: Shape }
  /** One value a line, of one of the shapes; `types` are the media types to choose from, the first is the usual one. */
  | { readonly tag: "lines"; readonly shapes: readonly Shape[]; readonly types: readonly string[] }
  | { readonly tag: "text"; readonly types: readonly string[] };

const NDJSON = "application/x-ndjson";

function value(shape: Shape): Answer {
  return { tag: "value", shape };
}

function ask(summary: string): Exchange {
  return { summary, query: null, body: protocol.askBody, answer: value(protocol.askAnswer), problems: [] };
}

function show(summary: string, shape: Shape): Exchange {
  return { summary, query: null, body: null, answer: value(shape), problems: [] };
}

/** A row for each route. */
export const EXCHANGES: Readonly<Record<RouteName, Exchange>> = {
  services: {
    ...show("All services, or those that a glob names", list(protocol.serviceView)),
    query: protocol.servicesQuery,
  },
  service: show("One service", protocol.serviceView),
  start: { ...ask("Start a service"), body: protocol.startBody },
  stop: ask("Stop a service"),
  restart: ask("Stop a service and start it again"),
  reload: ask("Let a service reload"),
  reset: ask("Forget the failures of a service"),
  signal: { ...ask("Send a signal to the main process of a service"), body: protocol.signalBody },
  logs: {
    summary: "The last lines of a service's output, or also those to come",
    query: protocol.logsQuery,
    body: null,
    answer: { tag: "lines", shapes: [protocol.logLine], types: [NDJSON] },
    problems: ["busy"],
  },
  events: {
    summary: "What happens, as it happens; as server-sent events if they are accepted, also after Last-Event-ID",
    query: protocol.eventsQuery,
    body: null,
    answer: { tag: "lines", shapes: [protocol.eventView], types: [NDJSON, "text/event-stream"] },
    problems: ["busy", "gone"],
  },
  reloadAll: {
    summary: "Read the definitions again and apply what differs",
    query: null,
    body: protocol.reloadBody,
    answer: value(protocol.reloadAnswer),
    problems: ["refused", "invalid-configuration"],
  },
  shutdown: { ...ask("Stop all services and the supervisor"), body: protocol.emptyBody, problems: ["refused"] },
  upgrade: {
    summary: "Replace the program of the supervisor under running services",
    query: null,
    body: protocol.upgradeBody,
    answer: value(protocol.upgradeView),
    problems: ["refused"],
  },
  version: show("Which supervisor this is", protocol.versionView),
  graph: show("The order of the services, and how long each took", protocol.graphView),
  scale: {
    summary: "Set the number of instances of a template",
    query: null,
    body: protocol.scaleBody,
    answer: value(protocol.scaleAnswer),
    problems: ["refused", "invalid-configuration"],
  },
  act: {
    summary: "Ask the same of several services at once; a line when it is asked, and one when it is decided",
    query: null,
    body: protocol.actBody,
    answer: { tag: "lines", shapes: [protocol.actLine], types: [NDJSON] },
    problems: [],
  },
  usage: {
    ...show(
      `What services use of the machine, of all or those that a glob names; nothing if these are more than ${MAX_USAGES}`,
      list(protocol.usageView),
    ),
    query: protocol.servicesQuery,
  },
  details: show("What there is to know of a service beside its state", protocol.detailsView),
  page: {
    ...show(
      "A service with its details and the last lines of its output; `lines` is null if these cannot be read now",
      page.pageView,
    ),
    query: page.pageQuery,
  },
  output: {
    summary: "What services have written, out of all their files and merged by time, or also what is to come",
    query: output.outputQuery,
    body: null,
    answer: { tag: "lines", shapes: [output.outputLine, output.outputNote, output.outputHead], types: [NDJSON] },
    problems: ["no-such-service", "busy"],
  },
  metrics: {
    summary: "What is counted and measured: OpenMetrics, or the older format where only that is accepted",
    query: null,
    body: null,
    answer: { tag: "text", types: Object.values(METRICS_TYPES).map((type) => type.replace(/;.*/, "")) },
    problems: [],
  },
  healthz: show("That the supervisor answers", protocol.healthAnswer),
  readyz: {
    ...show("Whether all services that are wanted are up or done", protocol.healthAnswer),
    problems: ["not-ready"],
  },
  openapi: { ...show("This description", protocol.openApi) },
  runs: show("The runs of a service that are kept", list(history.runView)),
  history: {
    ...show("What is kept of the past: runs, crashes, stops, reloads", history.historyAnswer),
    query: protocol.historyQuery,
    problems: ["refused"],
  },
  report: {
    ...show(
      "All that is kept of one run, by its number; `last`: of the last one that ended unexpectedly",
      history.reportView,
    ),
    problems: ["refused"],
  },
};

/** The shapes that have a name of their own in the description. */
export const NAMED_SHAPES: Readonly<Record<string, Shape>> = {
  Service: protocol.serviceView,
  AskRequest: protocol.askBody,
  StartRequest: protocol.startBody,
  AskAnswer: protocol.askAnswer,
  ActRequest: protocol.actBody,
  ActLine: protocol.actLine,
  SignalRequest: protocol.signalBody,
  ReloadRequest: protocol.reloadBody,
  ReloadAnswer: protocol.reloadAnswer,
  ScaleRequest: protocol.scaleBody,
  ScaleAnswer: protocol.scaleAnswer,
  ShutdownRequest: protocol.emptyBody,
  Graph: protocol.graphView,
  LogLine: protocol.logLine,
  OutputLine: output.outputLine,
  OutputNote: output.outputNote,
  OutputHead: output.outputHead,
  Event: protocol.eventView,
  Version: protocol.versionView,
  Usage: protocol.usageView,
  Details: protocol.detailsView,
  Page: page.pageView,
  Run: history.runView,
  HistoryLine: history.historyLine,
  RunReport: history.reportView,
  Health: protocol.healthAnswer,
  Problem: protocol.problemDetails,
};
