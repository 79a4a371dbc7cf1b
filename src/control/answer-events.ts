import type { Call } from "./handlers.ts";
import { followEvents } from "./follow-events.ts";
import { NDJSON, serverSentEvents } from "./line-stream.ts";
import { problemResponse } from "./problem.ts";
import { eventsQuery } from "./protocol.ts";
import { readQuery } from "./read-request.ts";

/** Answers the stream of events: as NDJSON or server-sent events, from now on or from where a reader was. */
export async function answerEvents(call: Call): Promise<Response> {
  const { port, request } = call;
  const query = readQuery(call.url.searchParams, eventsQuery);
  if (query.tag === "refused") return query.response;
  const header = request.headers.get("last-event-id");
  // A reader that connects again by itself repeats its first query: what it says it has seen since then counts.
  const resumed = header === null || header === "" ? query.value.after : header;
  const after = resumed === null ? port.events().newest : readNumber(call, resumed);
  if (after instanceof Response) return after;
  const wish = { after, heartbeat: query.value.heartbeat };
  const { instance } = port.events();
  const isServerSent = request.headers.get("accept")?.includes("text/event-stream") === true;
  const form = isServerSent ? serverSentEvents(instance) : NDJSON;
  const response = call.stream((sink) => followEvents(port, wish, sink), form);
  if (response.ok) response.headers.set("daemonsup-instance", instance);
  return response;
}

/** Which event is meant by "12", "12.INSTANCE" or "oldest" (the one before all that are kept), or why nothing can follow it. */
function readNumber({ port }: Call, text: string): number | Response {
  if (text === "oldest") return port.events().oldest - 1;
  const [, digits = "", of] = /^([0-9]{1,15})(?:\.([0-9a-z]{1,20}))?$/.exec(text) ?? [];
  if (digits === "") {
    const found = JSON.stringify(text.slice(0, 50));
    return problemResponse(
      "bad-request",
      `cannot read the request: "after": got ${found}, want the number of an event, like "12", or "oldest"`,
    );
  }
  const { instance, oldest, newest } = port.events();
  const number = Number(digits);
  const reason =
    of !== undefined && of !== instance
      ? "it is an event of an earlier supervisor"
      : number > newest
        ? `the newest is ${newest}, the supervisor has begun anew`
        : number < oldest - 1
          ? `events before ${oldest} are not kept any more`
          : null;
  if (reason === null) return number;
  return problemResponse(
    "gone",
    `cannot resume after event ${number}: ${reason}; look at the services, then follow anew`,
  );
}
