import { askLines, type Reply, type SupervisorPlace } from "../control/client.ts";
import type { OutputItem } from "../control/control-port.ts";
import { keepFollowing } from "../control/keep-following.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { ShownLines } from "./shown-lines.ts";

export interface OutputQuestion {
  readonly query: Readonly<Record<string, string>>;
  /** When the command began, in milliseconds since 1970. */
  readonly began: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Output as it is written, over replacements of the supervisor: each line once, and each note. */
export async function followOutput(
  place: SupervisorPlace,
  question: OutputQuestion,
): Promise<Reply<AsyncIterable<OutputItem>>> {
  const { query, began, signal } = question;
  const reply = await askOutput(place, question);
  if (reply.tag === "refused") return reply;
  const { value: first } = reply;
  const shown = new ShownLines(began);
  const notes = new Set<string>();
  let hasFailed = false;
  function isNew(item: OutputItem): boolean {
    hasFailed = "note" in item && item.exit === EXIT.failed;
    if ("services" in item) return true;
    if (!("note" in item)) return shown.take(item);
    if (notes.has(item.note)) return false;
    notes.add(item.note);
    return true;
  }
  async function* whole(): AsyncGenerator<OutputItem> {
    for await (const item of keepFollowing(place, first, resume)) if (isNew(item)) yield item;
  }
  // What was wanted of the past has been shown, up to where the connection broke.
  async function resume(): Promise<Reply<AsyncIterable<OutputItem>> | null> {
    // Then it was the supervisor that could not go on.
    if (hasFailed || signal?.aborted === true) return null;
    const { lines: _lines, boot: _boot, ...rest } = query;
    const since = new Date(shown.again()).toISOString();
    return await askOutput(place, { ...question, query: { ...rest, since, resume: "true" } });
  }
  return { tag: "ok", value: whole() };
}

function askOutput(
  place: SupervisorPlace,
  { query, signal }: OutputQuestion,
): Promise<Reply<AsyncIterable<OutputItem>>> {
  return askLines(place, {
    route: "output",
    name: null,
    query,
    patience: null,
    ...(signal === undefined ? {} : { signal }),
  });
}
