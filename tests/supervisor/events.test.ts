import { expect, test } from "bun:test";
import type { WallTime } from "../../src/core/units.ts";
import { Events, MOST_KEPT_EVENTS } from "../../src/supervisor/events.ts";

const happening = { service: "web", event: "exit", state: null, previous: null, pid: 7 } as const;

function eventsWith(count: number): Events {
  let now = 0;
  const events = new Events(() => (now += 1000) as WallTime);
  for (let number = 1; number <= count; number++) events.emit({ ...happening, message: `the ${number}th` });
  return events;
}

test("events are numbered from 1, and told as they are kept", () => {
  const events = eventsWith(0);
  expect([events.oldest, events.newest, events.after(0, 10)]).toEqual([1, 0, []]);
  const heard: object[] = [];
  const stop = events.subscribe((event) => heard.push(event));
  events.emit({ ...happening, message: "a" });
  stop();
  events.emit({ ...happening, message: "b" });
  expect(heard).toEqual([{ number: 1, at: "1970-01-01T00:00:01.000Z", ...happening, message: "a" }]);
  expect(events.after(0, 1)).toEqual(heard as never);
  expect(events.after(1, 10).map(({ message }) => message)).toEqual(["b"]);
});

test("only so many are kept, and those that are asked for begin with the first of them", () => {
  const events = eventsWith(MOST_KEPT_EVENTS + 10);
  expect([events.oldest, events.newest]).toEqual([11, MOST_KEPT_EVENTS + 10]);
  expect(events.after(0, 2).map(({ number, message }) => [number, message])).toEqual([
    [11, "the 11th"],
    [12, "the 12th"],
  ]);
  expect(events.after(0, 1e9)).toHaveLength(MOST_KEPT_EVENTS);
  expect(events.after(MOST_KEPT_EVENTS + 9, 5).map(({ message }) => message)).toEqual([
    `the ${MOST_KEPT_EVENTS + 10}th`,
  ]);
  expect(events.after(MOST_KEPT_EVENTS + 10, 5)).toEqual([]);
});

test("the events of each supervisor have numbers of their own", () => {
  const first = eventsWith(3);
  const second = new Events(() => 0 as WallTime);
  second.beginApart(2);
  expect([second.oldest - 1, second.newest, second.count, second.after(first.newest, 10)]).toEqual([1e9, 1e9, 0, []]);
  second.emit({ ...happening, message: "a" });
  expect([second.oldest, second.newest, second.count]).toEqual([1e9 + 1, 1e9 + 1, 1]);
  expect(second.after(first.newest, 10).map(({ number }) => number)).toEqual([1e9 + 1]);
});
