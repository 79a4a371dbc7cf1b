import type { PageView } from "../control/answers.ts";
import { ask, askEach, type Question, type Refusal, type Reply, type SupervisorPlace } from "../control/client.ts";
import type { LogLine } from "../control/control-port.ts";
import { onlyServices, selectServices } from "../control/select-services.ts";
import type { DetailsView } from "../core/details-view.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { isPattern } from "../core/name-pattern.ts";
import type { ServiceView } from "../core/service-view.ts";
import type { UsageView } from "../core/usage-view.ts";
import { ANSWER_WITHIN, mayBeInAddress } from "./find-services.ts";

/** The services that the words of a command line mean, as they are. */
export interface Found {
  readonly tag: "found";
  readonly services: readonly ServiceView[];
  readonly unknown: readonly { readonly word: string; readonly reason: string }[];
}

/** Asks for one service if only one is named, else for all. */
export async function lookAtServices(place: SupervisorPlace, words: readonly string[]): Promise<Found | Refusal> {
  const [only] = words;
  const reply = (only !== undefined && isOneName(words) ? await askOne(place, only) : null) ?? (await askAll(place));
  if (reply.tag === "refused") return reply;
  if (only === undefined) return { tag: "found", services: reply.value, unknown: [] };
  const { names, unknown } = selectServices(words, onlyServices(reply.value.map((service) => service.name)));
  const wanted = new Set(names);
  return { tag: "found", services: reply.value.filter((service) => wanted.has(service.name)), unknown };
}

/** true if the words cannot mean more than one service. */
export function isOneName(words: readonly string[]): boolean {
  return words.length === 1 && !isPattern(words[0] ?? "");
}

function askAll(place: SupervisorPlace): Promise<Reply<readonly ServiceView[]>> {
  return ask(place, { route: "services", name: null, patience: ANSWER_WITHIN });
}

/** Null if there is none of that name: the list of all then says which may have been meant. */
async function askOne(place: SupervisorPlace, name: string): Promise<Reply<readonly ServiceView[]> | null> {
  if (!mayBeInAddress(name)) return null;
  const reply = await ask(place, { route: "service", name, patience: ANSWER_WITHIN });
  if (reply.tag === "ok") return { tag: "ok", value: [reply.value] };
  return reply.exit === EXIT.noSuchService ? null : reply;
}

/** What services use, by name; empty if the supervisor cannot tell. `words`: of the command line. */
export async function lookAtUsage(
  place: SupervisorPlace,
  words: readonly string[],
): Promise<ReadonlyMap<string, UsageView>> {
  const [only] = words;
  const query = only !== undefined && words.length === 1 ? { query: { name: only } } : {};
  const reply = await ask(place, { route: "usage", name: null, patience: ANSWER_WITHIN, ...query });
  return new Map(reply.tag === "ok" ? reply.value.map((usage) => [usage.name, usage]) : []);
}

/** Everything about one service; `details`: null: the supervisor cannot tell. */
export type Page = Omit<PageView, "details"> & { readonly details: DetailsView | null };

/** Everything about one service, with so many of the last lines of its output. `meanwhile`: what can be done until it comes. */
export async function lookAtPage(
  place: SupervisorPlace,
  name: string,
  { lines, meanwhile }: { readonly lines: number } & Pick<Question<"page">, "meanwhile">,
): Promise<Reply<Page>> {
  const query = { lines: String(lines) };
  const reply = await ask(place, {
    route: "page",
    name,
    query,
    patience: ANSWER_WITHIN,
    ...(meanwhile === undefined ? {} : { meanwhile }),
  });
  // Nothing in this request can be wrong but its path, which a supervisor of an earlier version does not know.
  const isUnknown = reply.tag === "refused" && reply.why === "problem" && reply.exit === EXIT.usage;
  return isUnknown ? await gatherPage(place, name, lines) : reply;
}

/** The same of a supervisor that tells each part by itself. */
async function gatherPage(place: SupervisorPlace, name: string, most: number): Promise<Reply<Page>> {
  const [service, details, lines] = await Promise.all([
    ask(place, { route: "service", name, patience: ANSWER_WITHIN }),
    lookAtDetails(place, name),
    lookAtOutput(place, name, most),
  ]);
  return service.tag === "ok" ? { tag: "ok", value: { service: service.value, details, lines } } : service;
}

/** null: the supervisor cannot tell. */
export async function lookAtDetails(place: SupervisorPlace, name: string): Promise<DetailsView | null> {
  const reply = await ask(place, { route: "details", name, patience: ANSWER_WITHIN });
  return reply.tag === "ok" ? reply.value : null;
}

/** The last lines of a service's output, oldest first; none if the supervisor cannot tell. */
export async function lookAtOutput(place: SupervisorPlace, name: string, count: number): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  const query = { lines: String(count) };
  await askEach(
    place,
    { route: "logs", name, query, patience: ANSWER_WITHIN },
    {
      take(line) {
        lines.push(line);
        return false;
      },
      isWhole: () => true,
    },
  );
  return lines;
}
