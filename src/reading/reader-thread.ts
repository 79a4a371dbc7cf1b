import type { FromReader, ToReader } from "./read-messages.ts";

/** A thread that reads for one request. */
export interface ReaderThread {
  post(message: ToReader): void;
  /** Ends it, whatever it is doing. */
  end(): void;
}

export interface ReaderListener {
  said(message: FromReader): void;
  /** The thread is no more; called once. */
  ended(): void;
}

export type StartReaderThread = (listener: ReaderListener) => ReaderThread;

/**
 * A Worker as such a thread. The composition root makes the Worker, because the address of its file is relative to the
 * binary's own entry point. It does not keep the process alive.
 */
export function readerThreadOf(worker: Worker, listener: ReaderListener): ReaderThread {
  worker.addEventListener("message", (event: MessageEvent<FromReader>) => listener.said(event.data));
  // An error is always followed by "close".
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.addEventListener("close", () => listener.ended());
  worker.unref();
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
