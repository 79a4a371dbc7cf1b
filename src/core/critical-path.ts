import type { StartTime } from "./start-times.ts";
import type { Instant } from "./units.ts";

export interface PathPorts {
  timeOf(service: string): StartTime | null;
  /** What the service waits for, directly. */
  earlierThan(service: string): Iterable<string>;
}

/**
 * The services that the last start has waited for one after the other, first to last: the last of them came up last of all, and
 * each of the others was the last that the next one waited for. Empty if nothing was started.
 */
export function criticalPathOf(services: Iterable<string>, ports: PathPorts): readonly string[] {
  const path: string[] = [];
  let next = lastOf(services, (time) => !time.isCalled, ports);
  while (next !== null && !path.includes(next)) {
    path.unshift(next);
    next = awaitedBy(next, ports);
  }
  return path;
}

/** The one that came up last among those that the service waited for, or null. */
function awaitedBy(service: string, ports: PathPorts): string | null {
  const time = ports.timeOf(service);
  if (time === null || time.begunAt === null) return null;
  const { askedAt, begunAt } = time;
  return lastOf(
    ports.earlierThan(service),
    (earlier) => earlier.upAt !== null && earlier.upAt > askedAt && earlier.upAt <= begunAt,
    ports,
  );
}

function lastOf(services: Iterable<string>, accept: (time: StartTime) => boolean, ports: PathPorts): string | null {
  let last: { readonly service: string; readonly upAt: Instant } | null = null;
  for (const service of services) {
    const time = ports.timeOf(service);
    if (time === null || time.upAt === null || !accept(time)) continue;
    if (last === null || time.upAt > last.upAt) last = { service, upAt: time.upAt };
  }
  return last?.service ?? null;
}
