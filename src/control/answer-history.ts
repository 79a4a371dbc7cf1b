import { hintOf } from "../core/nearest.ts";
import { type HistoryAnswer, MOST_HISTORY_LINES } from "../core/history-view.ts";
import type { Call } from "./handlers.ts";
import { problemResponse, quote } from "./problem.ts";
import { historyQuery } from "./protocol.ts";
import { readQuery, refuseQuery } from "./read-request.ts";

/** What is kept of the past. */
export async function answerHistory(call: Call): Promise<Response> {
  const query = readQuery(call.url.searchParams, historyQuery);
  if (query.tag === "refused") return query.response;
  const { name, since, lines: most } = query.value;
  const patterns = name === null ? [] : name.split(",").filter((pattern) => pattern !== "");
  const from = since === null ? null : Date.parse(since);
  const answer = await call.port.history({ tag: "list", patterns, since: from, most });
  if (answer.tag !== "list") return unanswered(answer);
  const known = new Set(call.port.names());
  // It is there, and nothing has happened to it yet.
  const unknown = answer.unknown.filter((pattern) => !known.has(pattern));
  return Response.json({ lines: answer.lines, unknown, services: unknown.length === 0 ? [] : answer.services });
}

/** The runs of a service. */
export async function answerRuns(call: Call): Promise<Response> {
  const refused = refuseQuery(call.url.searchParams);
  if (refused !== null) return refused;
  const answer = await call.port.history({ tag: "runs", service: call.name, most: MOST_HISTORY_LINES });
  if (answer.tag !== "runs") return unanswered(answer);
  if (answer.runs.length > 0 || call.port.names().includes(call.name)) return Response.json(answer.runs);
  const hint = hintOf(call.name, call.port.names());
  return problemResponse("no-such-service", `cannot show ${quote(call.name)}: no such service${hint}`);
}

/** All that is kept of one run. */
export async function answerReport(call: Call): Promise<Response> {
  const refused = refuseQuery(call.url.searchParams);
  if (refused !== null) return refused;
  const text = call.url.pathname.slice(call.url.pathname.lastIndexOf("/") + 1);
  if (text !== "last" && !/^[0-9]{1,9}$/.test(text))
    return problemResponse(
      "bad-request",
      `cannot read the request: got run ${quote(text)}, want its number, or "last"`,
    );
  const run = text === "last" ? text : Number(text);
  const answer = await call.port.history({ tag: "report", service: call.name, run });
  if (answer.tag !== "report") return unanswered(answer);
  if (answer.report !== null) return Response.json(answer.report);
  const isKnown = answer.newest !== null || call.port.names().includes(call.name);
  const hint = isKnown ? "" : hintOf(call.name, call.port.names());
  return isKnown
    ? problemResponse("no-such-run", notKeptWordsOf(call.name, run, answer.newest))
    : problemResponse("no-such-service", `cannot show ${quote(call.name)}: no such service${hint}`);
}

/** Why there is no report of this run; `newest`: the number of the newest that is kept, or null. */
function notKeptWordsOf(service: string, run: number | "last", newest: number | null): string {
  const what = run === "last" ? "the last report" : `run ${run}`;
  const reason =
    newest === null
      ? "nothing is kept of it"
      : run === "last"
        ? "none of its runs ended unexpectedly"
        : `it is not kept, the newest is run ${newest}`;
  return `cannot show ${what} of ${quote(service)}: ${reason}`;
}

function unanswered(answer: HistoryAnswer): Response {
  const message = answer.tag === "failed" ? answer.message : "cannot read the history: it cannot be had";
  return problemResponse("refused", message);
}
