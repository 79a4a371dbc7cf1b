import { threadEndOf } from "./thread-end.ts";
import type { FromSyslog, ToSyslog } from "./syslog-messages.ts";

/** The thread that gives messages to syslog, as the queue sees it. */
export interface SyslogThread {
  post(message: ToSyslog): void;
  /** Ends it, whatever it is doing. `ended` need not be called after that. */
  end(): void;
}

export interface SyslogThreadListener {
  said(message: FromSyslog): void;
  /** The thread is no more, because of that; called once, and not before it was returned. */
  ended(reason: string): void;
}

export type StartSyslogThread = (listener: SyslogThreadListener) => SyslogThread;

/**
 * A Worker as such a thread. The composition root makes the Worker, because the address of its file is relative to the
 * binary's own entry point. It does not keep the process alive.
 */
export function syslogThreadOf(worker: Worker, listener: SyslogThreadListener): SyslogThread {
  worker.addEventListener("message", (event: MessageEvent<FromSyslog>) => listener.said(event.data));
  let reason = "it was ended";
  // An error is always followed by "close".
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    reason = threadEndOf(event.message);
  });
  worker.addEventListener("close", () => listener.ended(reason));
  worker.unref();
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
