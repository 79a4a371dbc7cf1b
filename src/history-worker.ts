/*
 * Composition root of the Worker that keeps the history: the only thread of the supervisor that opens its file. It opens the
 * file when there is something to do, and whoever started it ends it when there is nothing more.
 */
import type { Database } from "bun:sqlite";
import type { HistoryEntry, HistoryPolicy } from "./core/history.ts";
import type { HistoryAnswer, HistoryQuestion } from "./core/history-view.ts";
import { mayBeOomKill, withOomCause } from "./core/oom-end.ts";
import { type OpenedHistory, beginAnew, closeHistory, failureOf, isDamage, openHistory } from "./os/history-file.ts";
import { queryHistory } from "./os/history-query.ts";
import { type HistoryOwner, HistoryStore } from "./os/history-store.ts";
import { readOomKills } from "./os/oom-kills.ts";
import { lowerPriorityOfThread } from "./os/low-priority.ts";
import type { FromHistory, ToHistory } from "./supervisor/history-messages.ts";

declare const self: Worker;

interface OpenFile {
  readonly db: Database;
  readonly store: HistoryStore;
}

let place: HistoryOwner & { readonly path: string } = { path: "", session: "", goOn: [] };
let policy: HistoryPolicy | null = null;
let file: OpenFile | null = null;

lowerPriorityOfThread();
self.onmessage = (event: MessageEvent<ToHistory>) => perform(event.data);

function perform(message: ToHistory): void {
  switch (message.tag) {
    case "begin":
      place = message;
      policy = message.policy;
      return;
    case "configure":
      policy = message.policy;
      // The bound of the file is set when it is opened.
      return close();
    case "store":
      return say({ tag: "stored", problem: store(message.entries) });
    case "ask":
      return say({ tag: "answer", token: message.token, answer: answer(message.question) });
    case "close":
      close();
      return say({ tag: "closed" });
  }
}

/** Why they could not be written, or null. */
function store(entries: readonly HistoryEntry[]): string | null {
  const kills = entries.some(mayBeOomKill) ? readOomKills() : null;
  const told = kills === null || kills.size === 0 ? entries : entries.map((entry) => withOomCause(entry, kills));
  const result = withFile((open, limits) => open.store.store(told, limits, Date.now()));
  return result.tag === "failed" ? result.message : null;
}

function answer(question: HistoryQuestion): HistoryAnswer {
  const result = withFile((open) => queryHistory(open.db, question));
  return result.tag === "failed" ? { tag: "failed", message: result.message } : result.value;
}

type Result<T> = { readonly tag: "ok"; readonly value: T } | { readonly tag: "failed"; readonly message: string };

/** Does it with the open file; if that turns out to be damaged, with a new one. */
function withFile<T>(act: (open: OpenFile, limits: HistoryPolicy) => T): Result<T> {
  if (policy === null) return { tag: "failed", message: "internal error: the history was not begun" };
  const problem = file === null ? take(openHistory(place.path, policy.keepSize)) : null;
  if (problem !== null || file === null) return { tag: "failed", message: problem ?? "" };
  try {
    return { tag: "ok", value: act(file, policy) };
  } catch (error) {
    if (!isDamage(error)) return failed(error);
    close();
    const again = take(beginAnew(place.path, policy.keepSize, error));
    if (again !== null || file === null) return { tag: "failed", message: again ?? "" };
    try {
      return { tag: "ok", value: act(file, policy) };
    } catch (second) {
      return failed(second);
    }
  }
}

/** An error of the disk may leave the file in a state that only opening it anew mends. */
function failed(error: unknown): { readonly tag: "failed"; readonly message: string } {
  close();
  return { tag: "failed", message: failureOf(place.path, error) };
}

/** Returns why there is no file, or null. */
function take(opened: OpenedHistory): string | null {
  if (opened.tag === "failed") return opened.message;
  if (opened.aside !== null) say({ tag: "said", message: opened.aside });
  try {
    file = { db: opened.db, store: new HistoryStore(opened.db, place, Date.now()) };
    return null;
  } catch (error) {
    opened.db.close();
    return failureOf(place.path, error);
  }
}

function close(): void {
  if (file === null) return;
  const { db, store: open } = file;
  file = null;
  try {
    open.close();
    closeHistory(db);
  } catch {
    // Whatever is wrong with it is said when it is opened again.
  }
}

function say(message: FromHistory): void {
  self.postMessage(message);
}
