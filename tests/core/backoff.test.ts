import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RestartPolicy } from "../../src/core/definition.ts";
import { decideRestart, delayOf } from "../../src/core/judge-exit.ts";
import { FRESH_STREAK, type Streak } from "../../src/core/service-state.ts";
import { type Instant, millis } from "../../src/core/units.ts";
import { literalDefinition } from "./literal-definition.ts";

type Milliseconds = Partial<Record<"delay" | "maxDelay" | "resetAfter", number>>;

function policyOf(times: Milliseconds, limit: { count: number; within: number } | null = null): RestartPolicy {
  const policy = literalDefinition().restart;
  const { delay = policy.delay, maxDelay = policy.maxDelay, resetAfter = policy.resetAfter } = times;
  return {
    ...policy,
    delay: millis(delay),
    maxDelay: millis(maxDelay),
    resetAfter: millis(resetAfter),
    limit: limit === null ? null : { count: limit.count, within: millis(limit.within) },
  };
}

function delaysOf(policy: RestartPolicy, count: number, jitter = 0): number[] {
  return Array.from({ length: count }, (_, index) => delayOf(policy, index + 1, jitter));
}

function streakOf(failures: number, restartedAt: readonly number[] = []): Streak {
  return { failures, restartedAt: restartedAt as Instant[] };
}

function decide(policy: RestartPolicy, streak: Streak, { length = 0, now = 0 }: { length?: number; now?: number }) {
  return decideRestart(policy, streak, { length: millis(length), now: now as Instant, jitter: 0 });
}

describe("the delay of a restart", () => {
  test("doubles with each short run in a row, up to the longest", () => {
    expect(delaysOf(policyOf({}), 11)).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  test("is nothing for the first restart and begins at 10 ms for the next if the definition says 0", () => {
    expect(delaysOf(policyOf({ delay: 0, maxDelay: 100 }), 7)).toEqual([0, 10, 20, 40, 80, 100, 100]);
  });

  test("is not cut down to nothing by a longest delay of 0, or a crash loop would spin", () => {
    expect(delaysOf(policyOf({ delay: 0, maxDelay: 0 }), 4)).toEqual([0, 10, 10, 10]);
    expect(delaysOf(policyOf({ delay: 0, maxDelay: 5 }), 4)).toEqual([0, 10, 10, 10]);
  });

  test("stays the longest after any number of failures", () => {
    for (const failures of [50, 1_000, 1e9, Number.MAX_SAFE_INTEGER])
      expect(delayOf(policyOf({}), failures, 0)).toBe(millis(30_000));
  });

  test("grows by a tenth at most with chance", () => {
    expect(delaysOf(policyOf({}), 2, 1)).toEqual([110, 220]);
    expect(delayOf(policyOf({}), 100, 1)).toBe(millis(33_000));
    expect(delayOf(policyOf({}), 1, 0.5)).toBe(millis(105));
  });

  test("never shrinks from one failure to the next, and lies between its base and a tenth more", () => {
    const times = fc.record({ delay: fc.nat(86_400_000), longer: fc.nat(604_800_000) });
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (chosen, n, jitter) => {
          const policy = policyOf({ delay: chosen.delay, maxDelay: chosen.delay + chosen.longer });
          const [base, next, drawn] = [delayOf(policy, n, 0), delayOf(policy, n + 1, 0), delayOf(policy, n, jitter)];
          expect(next).toBeGreaterThanOrEqual(base);
          expect(drawn).toBeGreaterThanOrEqual(base);
          expect(drawn).toBeLessThanOrEqual(Math.round(base * 1.1) + 1);
          expect(base).toBeLessThanOrEqual(Math.max(policy.maxDelay, 10));
          expect(Number.isInteger(drawn)).toBe(true);
        },
      ),
    );
  });
});

describe("a run", () => {
  test("that was short counts as one failure more, and a long one starts the row over", () => {
    const policy = policyOf({ resetAfter: 1_000 });
    expect(decide(policy, streakOf(3), { length: 999 })).toEqual({
      tag: "wait",
      delay: millis(800),
      streak: streakOf(4),
    });
    expect(decide(policy, streakOf(3), { length: 1_000 })).toEqual({
      tag: "wait",
      delay: millis(100),
      streak: streakOf(1),
    });
  });

  test("of no length never starts the row over, or a spawn that fails at once would be repeated without end", () => {
    const policy = policyOf({ delay: 0, resetAfter: 0 });
    expect(decide(policy, FRESH_STREAK, { length: 0 })).toMatchObject({ delay: 0, streak: streakOf(1) });
    expect(decide(policy, streakOf(1), { length: 0 })).toMatchObject({ delay: 10, streak: streakOf(2) });
    expect(decide(policy, streakOf(2), { length: 9 })).toMatchObject({ delay: 20, streak: streakOf(3) });
    expect(decide(policy, streakOf(3), { length: 10 })).toMatchObject({ delay: 0, streak: streakOf(1) });
  });
});

describe("the limit of restarts", () => {
  const policy = policyOf({}, { count: 3, within: 10_000 });

  test("lets as many happen as it says, and then gives up", () => {
    let streak = FRESH_STREAK;
    for (const now of [0, 1_000, 2_000]) {
      const decision = decide(policy, streak, { now });
      if (decision.tag === "give-up") throw new Error(`gave up at ${now}`);
      streak = decision.streak;
    }
    expect(decide(policy, streak, { now: 3_000 })).toEqual({
      tag: "give-up",
      reason: "restarted 3 times within 10s",
    });
  });

  test("forgets a restart once it lies the whole time back", () => {
    expect(decide(policy, streakOf(3, [0, 5_000, 6_000]), { now: 9_999 }).tag).toBe("give-up");
    expect(decide(policy, streakOf(3, [0, 5_000, 6_000]), { now: 10_000 })).toEqual({
      tag: "wait",
      delay: millis(800),
      streak: streakOf(4, [5_000, 6_000, 10_800]),
    });
  });

  test("counts runs of any length", () => {
    expect(decide(policy, streakOf(1, [20_000, 22_000, 24_000]), { length: 10_000, now: 25_000 }).tag).toBe("give-up");
  });

  test("keeps no more restarts than it needs", () => {
    let streak = FRESH_STREAK;
    for (let now = 0; now < 1_000_000; now += 5_000) {
      const decision = decide(policy, streak, { now });
      if (decision.tag === "wait") streak = decision.streak;
      expect(streak.restartedAt.length).toBeLessThanOrEqual(3);
    }
  });

  test("does not exist unless it is written", () => {
    expect(decide(policyOf({}), streakOf(1_000_000), { now: 1 })).toEqual({
      tag: "wait",
      delay: millis(30_000),
      streak: streakOf(1_000_001),
    });
  });
});
