import { expect, test } from "bun:test";
import { HearingPace } from "../../src/supervisor/hearing-pace.ts";
import { LiteralTimers } from "./literal-timers.ts";

function talk(pace: HearingPace, speaker: string, most = 10_000): number {
  let heard = 0;
  while (heard < most && pace.mayHear(speaker)) heard++;
  return heard;
}

test("somebody who talks without end is heard so much in a span of time, and no more before the next", () => {
  const clock = new LiteralTimers();
  const pace = new HearingPace(() => clock.now());
  clock.time = 30;
  expect([talk(pace, "flood"), pace.rest, talk(pace, "quiet", 1)]).toEqual([256, 70 as never, 1]);
  clock.time = 99;
  expect(talk(pace, "flood")).toBe(0);
  clock.time = 100;
  expect(talk(pace, "flood")).toBe(256);
});

test("many who do so share what all may say, and nobody is shut out by the others", () => {
  const clock = new LiteralTimers();
  const pace = new HearingPace(() => clock.now());
  const heard = Array.from({ length: 6 }, (_, index) => talk(pace, `flood-${index}`));
  expect(heard).toEqual([256, 256, 256, 256, 16, 16]);
  expect(talk(pace, "quiet")).toBe(16);
});
