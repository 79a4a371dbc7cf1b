/** What is known of the health of a service; starting: no check has succeeded yet, and not enough have failed. */
export type Health = "starting" | "healthy" | "unhealthy";

export interface HealthCount {
  readonly health: Health;
  /** In a row; at most one of the two is not 0. */
  readonly failed: number;
  readonly succeeded: number;
}

export interface HealthRule {
  /** Failed checks in a row before it is unhealthy. */
  readonly failures: number;
  /** Good checks in a row after which it is healthy again. */
  readonly successes: number;
  /** true: while it is starting, failed checks do not count. */
  readonly isLenient: boolean;
}

export const UNCHECKED: HealthCount = { health: "starting", failed: 0, succeeded: 0 };

/** What a check that has ended makes of it. The first good one is enough for a service that is starting. */
export function countCheck(before: HealthCount, ok: boolean, rule: HealthRule): HealthCount {
  const { health } = before;
  if (ok) {
    const succeeded = before.succeeded + 1;
    const recovers = health !== "unhealthy" || succeeded >= rule.successes;
    return { health: recovers ? "healthy" : health, failed: 0, succeeded };
  }
  if (health === "starting" && rule.isLenient) return UNCHECKED;
  const failed = before.failed + 1;
  return { health: failed >= rule.failures ? "unhealthy" : health, failed, succeeded: 0 };
}
