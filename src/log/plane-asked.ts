import type { FromPlane, ToPlane } from "./plane-messages.ts";
import type { Service } from "./plane-parts.ts";

type Question = Extract<ToPlane, { readonly tag: "tail" | "mark" }>;

/** What a question about the lines of a service is answered with; nobody knows the service: with nothing. */
export function answersOf(service: Service | undefined, question: Question): readonly FromPlane[] {
  const { token } = question;
  if (question.tag === "tail") return [{ tag: "tail", token, lines: service?.log.tail(question.count) ?? [] }];
  const { lines, file } = service?.log.mark() ?? { lines: [], file: null };
  // Whoever follows the service knows by the order of the messages what is before the mark and what is after it.
  const followed = service?.log.takeFollowed() ?? [];
  const before: readonly FromPlane[] =
    followed.length === 0 ? [] : [{ tag: "lines", service: question.service, lines: followed }];
  return [...before, { tag: "mark", token, lines, file }];
}
