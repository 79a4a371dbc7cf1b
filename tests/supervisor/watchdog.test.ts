import { describe, expect, test } from "bun:test";
import { type WatchdogPolicy } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { Watchdog } from "../../src/supervisor/watchdog.ts";
import { LiteralLife } from "./literal-life.ts";

const MISSED = ["web watchdog-missed 1000"];

function life(timeout: number | null = 1000) {
  const policy: WatchdogPolicy | null = timeout === null ? null : { timeout: millis(timeout) };
  const it = new LiteralLife({ watchdog: policy });
  const unheard: (() => void)[] = [];
  const watchdog = new Watchdog({
    ...it.ports,
    settle: () => unheard.splice(0).forEach((hear) => hear()),
  });
  it.companions.push(watchdog);
  return Object.assign(it, { watchdog, unheard });
}

test("a service that is up and does not ping within its time has missed it, once", () => {
  const it = life();
  it.up();
  expect(it.timers.waiting).toEqual([1000]);
  it.timers.fire();
  expect(it.told).toEqual(MISSED);
  expect(it.timers.fire()).toBe(false);
});

test("each ping gives it the whole time again", () => {
  const it = life();
  it.up();
  for (const time of [900, 1700, 2600]) {
    it.timers.time = time;
    it.watchdog.pinged("web");
  }
  // The timer of the beginning finds that there have been pings.
  it.timers.fire();
  expect(it.told).toEqual([]);
  expect(it.timers.waiting).toEqual([1000]);
  it.timers.fire();
  expect([it.told, it.timers.time]).toEqual([MISSED, 3600]);
});

test("a ping that has come but has not been heard yet counts", () => {
  const it = life();
  it.up();
  it.unheard.push(() => it.watchdog.pinged("web"));
  it.timers.fire();
  expect(it.told).toEqual([]);
  it.timers.fire();
  expect(it.told).toEqual(MISSED);
});

test("a service owes no pings before it is up, nor once it is being ended", () => {
  const it = life();
  it.starting();
  expect(it.timers.waiting).toEqual([]);
  it.up();
  it.stopping();
  expect(it.timers.waiting).toEqual([]);
  expect(it.told).toEqual([]);
});

test("it is told its time in microseconds, and nothing if none is expected of it", () => {
  const it = life(1500);
  expect(it.watchdog.equip(it.definition).env).toEqual({ WATCHDOG_USEC: "1500000" });
  const other = life(null);
  expect(other.watchdog.equip(other.definition).env).toEqual({});
});

test("a service without a watchdog is not watched, but may trigger it", () => {
  const it = life(null);
  it.up();
  expect(it.timers.waiting).toEqual([]);
  it.watchdog.triggered("web");
  expect(it.told).toEqual(["web watchdog-missed "]);
});

test("a service may ask for another time, or for none, until its run ends", () => {
  const it = life();
  it.starting();
  it.watchdog.timeoutChanged("web", millis(5000));
  it.up();
  expect(it.timers.waiting).toEqual([5000]);
  it.watchdog.timeoutChanged("web", millis(Infinity));
  expect(it.timers.waiting).toEqual([]);
  it.watchdog.timeoutChanged("web", millis(300));
  expect(it.timers.waiting).toEqual([300]);
  it.backoff();
  expect(it.timers.waiting).toEqual([]);
  it.up();
  expect(it.timers.waiting).toEqual([1000]);
});

test("a time that it asked for is forgotten with the next run, also if nothing lies between", () => {
  const it = life();
  it.up();
  it.watchdog.timeoutChanged("web", millis(300));
  it.stopping();
  it.watchdog.equip(it.definition);
  it.up();
  expect(it.timers.waiting).toEqual([1000]);
});

test("a changed definition counts at once", () => {
  const it = life();
  it.up();
  it.change({ definition: { ...it.definition, watchdog: { timeout: millis(250) } } });
  expect(it.timers.waiting).toEqual([250]);
  it.change({ definition: { ...it.definition, watchdog: null } });
  expect(it.timers.waiting).toEqual([]);
});

test("another change of the record moves nothing", () => {
  const it = life();
  it.up();
  it.timers.time = 400;
  it.change({ status: "busy" });
  it.up(202);
  expect(it.timers.waiting).toEqual([600]);
});

test("nothing is told of a service that is forgotten, nor at the end of everything", () => {
  const [forgotten, closed] = [life(), life()];
  for (const it of [forgotten, closed]) it.up();
  forgotten.watchdog.forgotten("web");
  closed.watchdog.close();
  expect([forgotten.timers.waiting, closed.timers.waiting]).toEqual([[], []]);
});

describe("over the death of the supervisor", () => {
  function successorOf(before: ReturnType<typeof life>) {
    const it = life();
    it.record = before.savedRecord();
    it.watchdog.adopted(it.record);
    return it;
  }

  test("a service has its whole time again, and then has missed it", () => {
    const before = life();
    before.up();
    const it = successorOf(before);
    expect(it.timers.waiting).toEqual([1000]);
    it.timers.fire();
    expect(it.told).toEqual(MISSED);
  });

  test.each([
    [5000, [5000]],
    [Infinity, []],
  ])("the time that it has asked for goes on to be its time: %p", (timeout, waiting) => {
    const before = life();
    before.up();
    before.watchdog.timeoutChanged("web", millis(timeout));
    expect(successorOf(before).timers.waiting).toEqual(waiting);
  });

  test("what an earlier run had asked for is forgotten", () => {
    const before = life();
    before.up();
    before.watchdog.timeoutChanged("web", millis(5000));
    before.backoff();
    expect(before.record.beside).toEqual({});
  });

  test("one that is not up owes no pings", () => {
    const before = life();
    before.starting();
    expect(successorOf(before).timers.waiting).toEqual([]);
  });
});
