import type { FromSyslog, ToSyslog } from "./syslog-messages.ts";

/** The thread that gives messages to syslog, as the queue sees it. */
export interface SyslogThread {
  post(message: ToSyslog): void;
  /** Ends it, whatever it is doing. `ended` need not be called after that. */
  end(): void;
}

export interface SyslogThreadListener {
  said(message: FromSyslog): void;
  /** The thread is no more; called once, and not before it was returned. */
  ended(): void;
}

export type StartSyslogThread = (listener: SyslogThreadListener) => SyslogThread;

/**
 * A Worker as such a thread. The composition root makes the Worker, because the address of its file is relative to the
 * binary's own entry point. It does not keep the process alive.
 */
export function syslogThreadOf(worker: Worker, listener: SyslogThreadListener): SyslogThread {
  worker.addEventListener("message", (event: MessageEvent<FromSyslog>) => listener.said(event.data));
  // What went wrong is not passed on: an error is always followed by "close", and what matters is begun anew then.
  worker.addEventListener("error", (event) => event.preventDefault());
  worker.addEventListener("close", () => listener.ended());
  worker.unref();
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
