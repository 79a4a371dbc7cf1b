import { faultOf } from "../core/fault.ts";
import { isPattern } from "../core/name-pattern.ts";
import { parseSignalName } from "../core/signal-names.ts";
import { millis } from "../core/units.ts";
import type { Outcome } from "./control-port.ts";
import type { Call } from "./handlers.ts";
import { MAX_GLOBS } from "./limits.ts";
import type { EndingSink } from "./line-stream.ts";
import { problemResponse, quote } from "./problem.ts";
import { type ActBody, type ActLine, actBody } from "./protocol.ts";
import { readBody } from "./read-request.ts";
import { requestOf } from "./request-identity.ts";
import { type Selection, selectServices } from "./select-services.ts";

/** Asks the same of several services at once, and tells of each as it is decided. */
export async function actOnAll(call: Call): Promise<Response> {
  const body = await readBody(call.request, actBody);
  if (body.tag === "refused") return body.response;
  const asked = body.value;
  if (asked.services.filter(isPattern).length > MAX_GLOBS) {
    return problemResponse("bad-request", `cannot read the request: "services": more than ${MAX_GLOBS} globs`);
  }
  if ((asked.verb === "signal") !== (asked.signal !== null)) {
    return problemResponse("bad-request", 'cannot read the request: "signal": want it for the verb "signal" alone');
  }
  const { names: existing, unknown } = selectServices(asked.services, {
    has: (name) => call.port.has(name),
    services: () => call.port.names(),
    templates: () => call.port.templates(),
  });
  // A start makes the instance of a template that is not there yet.
  const names = [...existing, ...unknown.flatMap(({ word }) => (isPattern(word) ? [] : [word]))];
  const outcomes = await begin(call, asked, names);
  if (outcomes instanceof Response) return outcomes;
  return call.answerLines((sink) => tell(sink, { names, unknown, call, outcomes }));
}

/** What becomes of each, in the order of their names. */
async function begin(
  { port, request }: Call,
  { verb, wait, timeout, signal }: ActBody,
  names: readonly string[],
): Promise<readonly Promise<Outcome>[] | Response> {
  if (verb !== "signal")
    return await port.askAll(names, verb, {
      wait,
      timeout: timeout === null ? null : millis(timeout),
      request: requestOf(request),
    });
  const found = parseSignalName(signal ?? "");
  if (found === null) return problemResponse("bad-request", `cannot send ${quote(signal ?? "")}: no such signal`);
  return names.map((name) => Promise.resolve(port.signal(name, found, requestOf(request))));
}

interface Telling extends Selection {
  readonly call: Call;
  readonly outcomes: readonly Promise<Outcome>[];
}

function tell(sink: EndingSink, { names, unknown, call, outcomes }: Telling): () => void {
  const line = (name: string, result: ActLine["result"], rest: Partial<ActLine> = {}): ActLine => {
    return { name, result, message: null, service: null, ...rest };
  };
  sink.sendAll([
    ...names.map((name) => line(name, "asked")),
    ...unknown.flatMap(({ word, reason }) =>
      isPattern(word) ? [line(word, "no-such-service", { message: reason })] : [],
    ),
  ]);
  const reasons = new Map(unknown.map(({ word, reason }) => [word, reason]));
  const told = names.map(async (name, index) => {
    const { tag, message: said } = await decided(call, outcomes[index]);
    const message = tag === "no-such-service" ? (reasons.get(name) ?? said) : said;
    sink.sendAll([line(name, tag, { message, service: call.port.service(name) })]);
  });
  void Promise.all(told).then(() => sink.end());
  return () => {};
}

async function decided(call: Call, outcome: Promise<Outcome> | undefined): Promise<Outcome> {
  try {
    if (outcome === undefined) throw new Error("internal error: an outcome is missing");
    return await call.hold(outcome);
  } catch (error) {
    call.reportBug(error);
    return { tag: "failed", message: faultOf(error).brief };
  }
}
