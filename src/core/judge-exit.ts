/*
 * What an exit means. The table of systemd's Restart= (systemd.service(5)) for the four policies that exist here:
 *
 *   exit cause                 always  on-failure  on-abnormal  never
 *   clean exit code or signal    X
 *   unclean exit code            X         X
 *   unclean signal               X         X            X
 *   timeout, watchdog, oom       X         X            X
 *   unhealthy                    X         X            X           X     (health.action asked for it)
 *
 * Clean is what `success` lists (by default 0, HUP, INT, TERM, PIPE; for a oneshot only 0); a core dump never is.
 */
import type { RestartPolicy } from "./definition.ts";
import type { Exit } from "./exit.ts";
import type { Ending, Streak } from "./service-state.ts";
import { type Instant, type Millis, later, millis } from "./units.ts";

export function isSuccess(ending: Ending, policy: RestartPolicy): boolean {
  if (ending.result !== "exit" || ending.exit === null) return false;
  if (ending.exit.tag === "signal" && ending.exit.dumped) return false;
  return isListed(ending.exit, policy.success);
}

/** Whether the policy starts it again at all; backoff and limit come after. */
export function mayRestart(ending: Ending, policy: RestartPolicy): boolean {
  if (ending.result === "unhealthy") return true;
  if (ending.exit !== null && isListed(ending.exit, policy.prevent)) return false;
  switch (policy.policy) {
    case "always":
      return true;
    case "never":
      return false;
    case "on-failure":
      return !isSuccess(ending, policy);
    case "on-abnormal":
      return !isSuccess(ending, policy) && isAbnormal(ending);
  }
}

function isAbnormal(ending: Ending): boolean {
  // A hook that fails counts as an unclean exit code, as with systemd.
  if (ending.result === "before-start" || ending.result === "after-start") return false;
  return ending.result !== "exit" || ending.exit?.tag === "signal" || ending.exit?.tag === "unknown";
}

function isListed(exit: Exit, list: RestartPolicy["success"]): boolean {
  switch (exit.tag) {
    case "code":
      return list.includes(exit.code);
    case "signal":
      return list.some((entry) => entry === exit.signal);
    case "unknown":
      return false;
  }
}

export type RestartDecision =
  | { readonly tag: "wait"; readonly delay: Millis; readonly streak: Streak }
  | { readonly tag: "give-up"; readonly reason: string };

/** What a restart needs to know of the moment: the time, and chance as a number from 0 to 1. */
export interface Moment {
  readonly now: Instant;
  readonly jitter: number;
}

/** When to start it again, or that it was tried often enough. */
export function decideRestart(
  policy: RestartPolicy,
  before: Streak,
  ran: { length: Millis } & Moment,
): RestartDecision {
  const failures = ran.length >= Math.max(policy.resetAfter, LEAST_LONG_RUN) ? 1 : before.failures + 1;
  const delay = delayOf(policy, failures, ran.jitter);
  if (policy.limit === null) return { tag: "wait", delay, streak: { failures, restartedAt: [] } };

  const { count, within } = policy.limit;
  const recent = before.restartedAt.filter((at) => later(at, within) > ran.now);
  if (recent.length >= count) return { tag: "give-up", reason: `restarted ${count} times within ${within / 1000}s` };
  return { tag: "wait", delay, streak: { failures, restartedAt: [...recent, later(ran.now, delay)] } };
}

// With a delay of 0 the first restart is immediate; the later ones begin here, so that a crash loop cannot spin.
const LEAST_REPEATED_DELAY = 10;
// For the same reason no shorter run ends a row of failures, whatever reset_after says: a failed spawn lasts no time at all.
const LEAST_LONG_RUN = 10;
const MOST_DOUBLINGS = 40;

/** The delay before the restart after the nth short run in a row (n from 1). `jitter` is 0 to 1 and adds up to a tenth. */
export function delayOf(policy: RestartPolicy, failures: number, jitter: number): Millis {
  const [first, doublings] =
    policy.delay > 0 ? [policy.delay, failures - 1] : [failures > 1 ? LEAST_REPEATED_DELAY : 0, failures - 2];
  const grown = first * 2 ** Math.min(Math.max(doublings, 0), MOST_DOUBLINGS);
  return millis(Math.round(Math.min(grown, Math.max(policy.maxDelay, first)) * (1 + jitter / 10)));
}
