import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Instant } from "../../src/core/units.ts";
import { SpawnBudget } from "../../src/os/spawn-budget.ts";

const at = (time: number): Instant => time as Instant;

test("a first spawn may wait 100 ms, the rest of them if some were used, and all again 200 ms later", () => {
  const budget = new SpawnBudget();
  expect<number>(budget.allowance(at(1_000), 0)).toBe(100);
  budget.note(at(1_000), at(1_030));
  expect<number>(budget.allowance(at(1_030), 0)).toBe(70);
  budget.note(at(1_030), at(1_100));
  expect<number>(budget.allowance(at(1_100), 0)).toBe(0);
  expect<number>(budget.allowance(at(1_299), 0)).toBe(30);
  expect<number>(budget.allowance(at(1_300), 0)).toBe(100);
});

test("while a spawn is pending others do not wait at all", () => {
  expect<number>(new SpawnBudget().allowance(at(0), 1)).toBe(0);
});

test("in no stretch of 200 ms is more than 100 ms waited, however spawns come", () => {
  const spawns = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 60 }), wish: fc.integer({ min: 0, max: 150 }) }), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(spawns, (list) => {
      const budget = new SpawnBudget();
      const waits: { from: number; to: number }[] = [];
      let now = 0;
      for (const { gap, wish } of list) {
        now += gap;
        const span = Math.min(wish, budget.allowance(at(now), 0));
        budget.note(at(now), at(now + span));
        waits.push({ from: now, to: now + span });
        now += span;
      }
      for (const { from } of waits) {
        const inside = waits.map((wait) => Math.max(0, Math.min(wait.to, from + 200) - Math.max(wait.from, from)));
        expect(inside.reduce((sum, span) => sum + span, 0)).toBeLessThanOrEqual(100);
      }
    }),
  );
});
