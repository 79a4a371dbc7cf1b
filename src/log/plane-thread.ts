import { threadEndOf } from "./thread-end.ts";
import type { FromPlane, PlaneStart, ToPlane } from "./plane-messages.ts";

/** The thread of the data plane, as the main thread sees it. */
export interface PlaneThread {
  post(message: PlaneStart | readonly ToPlane[]): void;
  /** Ends it, whatever it is doing; `ended` is called once it has. */
  end(): void;
}

export interface PlaneThreadListener {
  said(messages: readonly FromPlane[]): void;
  /** The thread is no more. `reason` is what it died of, null if it was ended. Called once. */
  ended(reason: string | null): void;
}

export type StartPlaneThread = (listener: PlaneThreadListener) => PlaneThread;

/**
 * A Worker as such a thread. The composition root makes the Worker, because the address of its file is relative to the
 * binary's own entry point. It does not keep the process alive.
 */
export function planeThreadOf(worker: Worker, listener: PlaneThreadListener): PlaneThread {
  let reason: string | null = null;
  worker.addEventListener("message", (event: MessageEvent<readonly FromPlane[]>) => listener.said(event.data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    reason ??= threadEndOf(event.message);
  });
  worker.addEventListener("close", () => listener.ended(reason));
  worker.unref();
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
}
