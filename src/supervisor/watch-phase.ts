/* What becomes of a change of files, by what the service that watches them is about. */
import type { ServiceRecord } from "../core/service-record.ts";
import { isAtRest } from "../core/service-state.ts";

/**
 * runs: it is up or on its way; failed: it waits for the next attempt. In the others what changes does not count; begins: it is
 * on its way after a restart that was brought about here.
 */
export type WatchPhase = "runs" | "failed" | "begins" | "deaf";

/** true: its start has come to an end, one way or the other. */
export function hasArrived({ state }: ServiceRecord): boolean {
  return isAtRest(state) || state.tag === "up" || state.tag === "backoff";
}

export function phaseOf({ state, reloading }: ServiceRecord, isOwnRestart: boolean): WatchPhase {
  switch (state.tag) {
    case "up":
      return reloading ? "deaf" : "runs";
    case "backoff":
      return "failed";
    case "preparing":
    case "launching":
    case "execing":
    case "starting":
    case "naming":
      return isOwnRestart ? "begins" : "runs";
    case "waiting":
    case "leaving":
    case "stopping":
    case "sweeping":
    case "cleaning":
    case "stuck":
    case "down":
    case "done":
    case "failed":
      return "deaf";
  }
}
