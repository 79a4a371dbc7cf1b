import type { ServiceRecord } from "../core/service-record.ts";

/** off: not wanted; idle: waits for its time; busy: runs, or is about to. */
export type SchedulePhase = "off" | "idle" | "busy";

export function schedulePhaseOf({ state, want, removed }: ServiceRecord): SchedulePhase {
  if (want === "down" || removed) return "off";
  switch (state.tag) {
    case "waiting":
      return state.on === "schedule" ? "idle" : "busy";
    case "down":
      return state.why === "condition" ? "idle" : "off";
    case "done":
    case "failed":
    case "stuck":
      return "off";
    case "preparing":
    case "launching":
    case "execing":
    case "starting":
    case "naming":
    case "up":
    case "leaving":
    case "stopping":
    case "sweeping":
    case "cleaning":
    case "backoff":
      return "busy";
  }
}
