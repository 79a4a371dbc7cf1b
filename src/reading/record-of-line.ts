import { hasRecords, type LogPlace } from "../core/log-place.ts";
import { recordedOf } from "../log/json-record.ts";
import type { PlaneLine } from "../log/plane-messages.ts";
import { saidSeverityOf } from "../log/priority.ts";
import type { LogRecord } from "./log-record.ts";

/** A line of a service that does not come out of a file, as it would come out of that of `places` which has it. */
export function recordOfLine(service: string, line: PlaneLine, places: readonly LogPlace[]): LogRecord {
  const { at, stream, pid, text } = line;
  const common = { at, service, stream, pid, cut: false };
  if (!hasRecords(places, stream)) return { ...common, priority: saidSeverityOf(text), text };
  const { severity, message } = recordedOf(text, stream);
  return { ...common, priority: severity, text: message };
}
