/* When a Worker is told what is said to it. */
import { expect, test } from "bun:test";
import { PlaneLink } from "../../src/log/plane-link.ts";
import type { ToPlane } from "../../src/log/plane-messages.ts";
import { IDLE_WORKERS } from "./plane-harness.ts";

const SERVICES = 300;

/** A link to a Worker that does nothing; what goes out to it, message by message, and how often it was woken up. */
function makeLink() {
  const sent: ToPlane[] = [];
  const woken = { times: 0 };
  const link = new PlaneLink(
    {
      ...IDLE_WORKERS,
      addToEventfd: () => void woken.times++,
      startThread: () => ({
        post: (message) => void (Array.isArray(message) && sent.push(...(message as readonly ToPlane[]))),
        end: () => undefined,
      }),
    },
    { lane: "", said: () => undefined, died: () => undefined, greeting: () => [], fdOfSlot: () => null },
  );
  return { link, sent, woken };
}

const forgotten = (index: number): ToPlane => ({ tag: "forget", service: `s${index}` });

test("of what is said in one turn, a little goes out at its end together, much of it already meanwhile, in order", async () => {
  const { link, sent, woken } = makeLink();
  for (let index = 0; index < 3; index++) link.post(forgotten(index));
  expect(sent).toEqual([]);
  await Promise.resolve();
  expect([sent.length, woken.times]).toEqual([3, 1]);
  for (let index = 3; index < SERVICES; index++) link.post(forgotten(index));
  expect(sent.length).toBeGreaterThan(SERVICES / 2);
  await Promise.resolve();
  expect(sent).toEqual(Array.from({ length: SERVICES }, (_, index) => forgotten(index)));
  expect(woken.times).toBeLessThan(6);
});
