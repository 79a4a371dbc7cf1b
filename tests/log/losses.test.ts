import { expect, test } from "bun:test";
import { LossBook } from "../../src/log/loss-book.ts";
import { LossTally } from "../../src/log/loss-tally.ts";

const loss = (sink: string, lines: number, reason: "slow" | "rate" = "slow") =>
  ({ service: "web", sink, reason, lines }) as const;

test("a storm of lost lines is told of in sums, five times a second", () => {
  const tally = new LossTally();
  let at = 10_000_000;
  const now = (): number => at;
  expect(tally.isWaiting).toBe(false);
  tally.note(loss("central", 1));
  expect(tally.take(now)).toEqual([loss("central", 1)]);
  for (let round = 0; round < 1000; round++) {
    tally.note(loss("central", 2));
    tally.note(loss("central", 1, "rate"));
    tally.note(loss("other", 3));
    expect(tally.take(now)).toEqual([]);
  }
  at += 199_999;
  expect([tally.isWaiting, tally.take(now).length]).toEqual([true, 0]);
  at += 1;
  expect(tally.take(now)).toEqual([loss("central", 2000), loss("central", 1000, "rate"), loss("other", 3000)]);
  expect([tally.isWaiting, tally.take(now).length]).toEqual([false, 0]);
});

test("a clock that is set back holds nothing up", () => {
  const tally = new LossTally();
  tally.note(loss("central", 1));
  expect(tally.take(() => 10_000_000)).toHaveLength(1);
  tally.note(loss("central", 1));
  expect(tally.take(() => 5_000_000)).toHaveLength(1);
});

test("losses are summed by sink and reason, and are trouble for ten seconds, those that nobody wants aside", () => {
  let now = 1000;
  const book = new LossBook(() => now);
  expect([book.of("web"), book.troubleOf("web")]).toEqual([[], null]);
  book.note(loss("central", 5, "rate"));
  expect(book.troubleOf("web")).toBeNull();
  book.note(loss("central", 1));
  book.note(loss("central", 2));
  expect(book.of("web")).toEqual([
    { sink: "central", reason: "rate", lines: 5 },
    { sink: "central", reason: "slow", lines: 3 },
  ]);
  expect(book.troubleOf("web")).toBe("log lines are lost: 3 lines for central (slow)");
  now += 10_000;
  expect(book.troubleOf("web")).toBeNull();
  book.forget("web");
  expect(book.of("web")).toEqual([]);
});
