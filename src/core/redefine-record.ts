import type { Definition } from "./definition.ts";
import type { ServiceRecord } from "./service-record.ts";
import { hasNoProcess } from "./service-state.ts";

/** The record of a service that is given another definition; at once if nothing of it runs or `how` is "live", else with its next run. */
export function redefined(record: ServiceRecord, definition: Definition, how: "live" | "restart"): ServiceRecord {
  // What is live compared with a definition that still waits may differ from the one that runs in more than that.
  const mayChangeNow = (how === "live" && record.next === null) || hasNoProcess(record.state);
  const relay = definition.reload.signalIsWritten ? { endsOnRelay: false } : {};
  return {
    ...record,
    ...(mayChangeNow ? { definition, next: null } : { next: definition }),
    ...relay,
    removed: false,
    // It was to be stopped because it had been removed.
    ...(record.removed ? { held: null } : {}),
  };
}
