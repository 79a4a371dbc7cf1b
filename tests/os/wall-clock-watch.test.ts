import { dlopen, ptr } from "bun:ffi";
import { afterEach, describe, expect, test } from "bun:test";
import { addToEpoll, EpollWaiter, openEpoll } from "../../src/os/epoll.ts";
import { closeFd } from "../../src/os/signalling.ts";
import { type WallClockWatch, openWallClockWatch } from "../../src/os/wall-clock-watch.ts";
import { skipReason } from "../scenarios/loud-skip.ts";

const libc = dlopen("libc.so.6", {
  // int adjtimex(struct timex *buf);
  adjtimex: { args: ["ptr"], returns: "i32" },
} as const);

const ADJ_SETOFFSET = 0x0100;
const ADJ_NANO = 0x2000;

/** Sets the wall clock of the machine by a nanosecond, which nobody notices; false if that is not allowed. */
function stepClock(direction: "forward" | "back"): boolean {
  // struct timex in 64-bit words: the modes in the first, the seconds and nanoseconds to be added from the tenth on.
  const words = new BigInt64Array(32);
  words[0] = BigInt(ADJ_SETOFFSET | ADJ_NANO);
  words[9] = direction === "forward" ? 0n : -1n;
  words[10] = direction === "forward" ? 1n : 999_999_999n;
  return libc.symbols.adjtimex(ptr(words)) >= 0;
}

const maySetClock = stepClock("forward") && stepClock("back");
const cannotSetClock = skipReason("noticing that the clock is set", [[maySetClock, "the clock may not be set here"]]);

const opened: WallClockWatch[] = [];
afterEach(() => {
  for (const watch of opened.splice(0)) watch.close();
});

function open(): WallClockWatch {
  const result = openWallClockWatch();
  if (result.tag === "failed") throw new Error(result.errno);
  opened.push(result.watch);
  return result.watch;
}

test("a wall clock that nobody sets is silent", () => {
  const watch = open();
  const epoll = openEpoll();
  addToEpoll(epoll, watch.fd, false);
  expect([...new EpollWaiter(epoll).wait(0)]).toEqual([]);
  expect(watch.take()).toBe(false);
  closeFd(epoll);
});

describe.skipIf(cannotSetClock !== null)("a wall clock that is set", () => {
  test("is told once each time", () => {
    const watch = open();
    const epoll = openEpoll();
    const waiter = new EpollWaiter(epoll);
    addToEpoll(epoll, watch.fd, false);
    for (const direction of ["forward", "back", "forward", "back"] as const) {
      stepClock(direction);
      expect([...waiter.wait(Number.POSITIVE_INFINITY)]).toEqual([watch.fd]);
      expect([watch.take(), watch.take()]).toEqual([true, false]);
    }
    closeFd(epoll);
  });

  test("is told to everybody who watches it", () => {
    const watches = [open(), open()];
    stepClock("forward");
    expect(watches.map((watch) => watch.take())).toEqual([true, true]);
    stepClock("back");
  });
});
