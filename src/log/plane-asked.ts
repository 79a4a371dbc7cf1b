import { NOTHING } from "./plane-lane.ts";
import type { FromPlane, PlaneLine, ToPlane } from "./plane-messages.ts";
import type { Service } from "./plane-parts.ts";

type Question = Extract<ToPlane, { readonly tag: "tail" | "mark" }>;

/** What a question about the lines of a service is answered with; nobody knows the service: with nothing. `now` is in microseconds since 1970. */
export function answersOf(service: Service | undefined, question: Question, now: number): readonly FromPlane[] {
  const { token } = question;
  const answer: FromPlane =
    question.tag === "tail"
      ? { tag: "tail", token, lines: tailOf(service, question) }
      : { tag: "mark", token, ...(service?.log.mark(now) ?? NOTHING) };
  // Whoever follows the service knows by the order of the messages what is before the answer and what is after it.
  const followed = service?.log.takeFollowed() ?? [];
  return followed.length === 0 ? [answer] : [{ tag: "lines", service: question.service, lines: followed }, answer];
}

/** What is read of a file for the last lines of one run, in bytes: they are asked for whenever a service crashes. */
const MOST_LAST_WORDS = 256 * 1024;

function tailOf(
  service: Service | undefined,
  { count, run }: Extract<Question, { readonly tag: "tail" }>,
): readonly PlaneLine[] {
  if (service === undefined) return [];
  if (run === null) return service.log.tail(count);
  const own = service.log.lastWords(run, count, MOST_LAST_WORDS);
  if (own !== null) return own;
  const { latest } = service;
  if (latest?.number !== run || latest.lines === 0) return [];
  return service.log.tail(Math.min(count, latest.lines), MOST_LAST_WORDS);
}
