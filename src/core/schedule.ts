/*
 * When a service is to run by its [schedule].
 *
 * `cron` is due by the clock on the wall of its time zone. `every` is a grid of times that begins with the last start: that
 * counts by the time at which it was due, so that delays do not add up, and a start by hand begins a new grid.
 */
import { nextCronTime } from "./cron-times.ts";
import { parseCron } from "./cron.ts";
import type { SchedulePolicy } from "./life-policies.ts";
import type { WallTime } from "./units.ts";

/** What the next time depends on beside the policy. */
export interface ScheduleMoment {
  readonly now: WallTime;
  /** The last time that was due and dealt with; before the first: when the schedule was first seen. */
  readonly last: WallTime;
  /** The time zone of the machine. */
  readonly zone: string;
  /** true: a time that has passed since `last` is still due, the first of them if there are several. */
  readonly makesUp: boolean;
}

/**
 * A last time further ahead than this shows that the clock was wrong then, and is forgotten. One less far ahead is believed:
 * the clock was set back, and nothing runs for the same time again.
 */
const BELIEVED_AHEAD_MS = 25 * 3_600_000;

/** The next time that is due; it has passed only where the moment says that this is made up for. null: never. */
export function nextDue(policy: SchedulePolicy, moment: ScheduleMoment): WallTime | null {
  const { now, makesUp } = moment;
  const last = moment.last > now + BELIEVED_AHEAD_MS ? now : moment.last;
  if (policy.every !== null) return nextOnGrid(policy.every, { now, last, makesUp });
  const parsed = parseCron(policy.cron ?? "");
  if (parsed.tag === "rejected") throw new Error(`internal error: ${parsed.reason}`);
  const after = makesUp ? last : Math.max(last, now);
  return nextCronTime(parsed.cron, policy.timezone ?? moment.zone, after as WallTime);
}

/** What identifies the times that a policy means: another rule has nothing to make up for. */
export function ruleOf(policy: SchedulePolicy): string {
  return policy.cron === null ? `every ${policy.every}ms` : `${policy.cron} ${policy.timezone ?? ""}`.trimEnd();
}

function nextOnGrid(every: number, { now, last, makesUp }: Omit<ScheduleMoment, "zone">): WallTime {
  if (makesUp && last + every <= now) return (last + every) as WallTime;
  const next = last + (Math.floor((now - last) / every) + 1) * every;
  // With the clock set back a little, the next point of the grid is the one that was dealt with already.
  return (next === last ? last + every : next) as WallTime;
}
