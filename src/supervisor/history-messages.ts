import type { HistoryEntry, HistoryPolicy } from "../core/history.ts";
import type { HistoryAnswer, HistoryQuestion } from "../core/history-view.ts";

/** What the main thread says to the thread that keeps the history. */
export type ToHistory =
  /** First: where it is kept. `session` is another one for each supervisor; `goOn`: runs of earlier ones that are not lost. */
  | {
      readonly tag: "begin";
      readonly path: string;
      readonly session: string;
      readonly goOn: readonly { readonly session: string; readonly run: number }[];
      readonly policy: HistoryPolicy;
    }
  | { readonly tag: "configure"; readonly policy: HistoryPolicy }
  /** Write these down and answer `stored`. */
  | { readonly tag: "store"; readonly entries: readonly HistoryEntry[] }
  | { readonly tag: "ask"; readonly token: number; readonly question: HistoryQuestion }
  /** Close the file and answer `closed`. */
  | { readonly tag: "close" };

export type FromHistory =
  /** `problem`: why none of them could be, a whole sentence; null: all are. */
  | { readonly tag: "stored"; readonly problem: string | null }
  | { readonly tag: "answer"; readonly token: number; readonly answer: HistoryAnswer }
  | { readonly tag: "closed" }
  /** Something that an operator should know: what could not be read was put aside. */
  | { readonly tag: "said"; readonly message: string };

/** A thread that takes these messages in order. */
export interface HistoryThread {
  post(message: ToHistory): void;
  end(): void;
}

export interface HistoryThreadListener {
  said(message: FromHistory): void;
  /** The thread is no more; called once. */
  ended(): void;
}

export type StartHistoryThread = (listener: HistoryThreadListener) => HistoryThread;

/**
 * A Worker as such a thread. The composition root makes the Worker, because the address of its file is relative to the
 * binary's own entry point. It does not keep the process alive.
 */
export function historyThreadOf(worker: Worker, listener: HistoryThreadListener): HistoryThread {
  worker.addEventListener("message", (event: MessageEvent<FromHistory>) => listener.said(event.data));
  // An error is always followed by "close".
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.addEventListener("close", () => listener.ended());
  worker.unref();
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
