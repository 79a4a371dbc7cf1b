import { describe, expect, test } from "bun:test";
import type { Exit } from "../../src/core/exit.ts";
import type { ReapPort } from "../../src/supervisor/ports.ts";
import { type ReapListener, reapEnded } from "../../src/supervisor/reaper.ts";

const EXIT: Exit = { tag: "code", code: 0 };

function children(count: number) {
  const ended = Array.from({ length: count }, (_, index) => index + 1);
  const told: string[] = [];
  const port: ReapPort = {
    peekEnded() {
      const [pid] = ended;
      return pid === undefined ? null : { pid, exit: EXIT, usage: null };
    },
    peekChild: (pid) => (ended.includes(pid) ? { pid, exit: EXIT, usage: null } : null),
    listEnded: () => [...ended],
    reap(pid) {
      told.push(`reap ${pid}`);
      ended.splice(ended.indexOf(pid), 1);
    },
  };
  const listener: ReapListener = {
    ended(pid) {
      told.push(`ended ${pid}`);
      return () => void told.push(`afterwards ${pid}`);
    },
    reaped: (pid) => void told.push(`reaped ${pid}`),
    together: (pids, tell) => {
      told.push(`together ${pids.join(" ")}`);
      tell();
    },
    settled: () => void told.push("settled"),
  };
  return { port, listener, told, ended };
}

describe("reaping", () => {
  test("tells of each end before the number is given back, and does the rest afterwards", () => {
    const { port, listener, told } = children(2);
    expect(reapEnded(port, listener)).toBe(false);
    expect(told).toEqual([
      ...["ended 1", "reap 1", "reaped 1", "afterwards 1"],
      ...["ended 2", "reap 2", "reaped 2", "afterwards 2"],
      "settled",
    ]);
  });

  test("looks for all that have ended once there is more than one, and tells of those that are still there", () => {
    const { port, listener, told, ended } = children(4);
    const taking: ReapListener = {
      ...listener,
      ended(pid, exit, usage) {
        // What is done about one end may give back the number of another.
        if (pid === 2) ended.splice(ended.indexOf(3), 1);
        return listener.ended(pid, exit, usage);
      },
    };
    expect(reapEnded(port, taking)).toBe(false);
    expect(told.filter((line) => /^(ended|together)/.test(line))).toEqual([
      "ended 1",
      "together 2 3 4",
      "ended 2",
      "ended 4",
    ]);
  });

  test("tells of one after the other where the ended ones cannot be listed", () => {
    const { port, listener, told } = children(3);
    expect(reapEnded({ ...port, listEnded: () => null }, listener)).toBe(false);
    expect(told.filter((line) => /^(ended|together)/.test(line))).toEqual(["ended 1", "ended 2", "ended 3"]);
  });

  test("of nothing settles at once", () => {
    const { port, listener, told } = children(0);
    expect(reapEnded(port, listener)).toBe(false);
    expect(told).toEqual(["settled"]);
  });

  test("stops after a bound and says that there may be more, so that a storm holds nobody up", () => {
    const { port, listener, ended } = children(600);
    expect([reapEnded(port, listener), ended.length]).toEqual([true, 344]);
    expect([reapEnded(port, listener), ended.length]).toEqual([true, 88]);
    expect([reapEnded(port, listener), ended.length]).toEqual([false, 0]);
  });

  test("goes on if what hears of one end breaks, and gives that number back as well, then tells what went wrong", () => {
    const { port, listener, ended, told } = children(3);
    const broken: ReapListener = {
      ...listener,
      ended(pid, exit, usage) {
        if (pid === 2) throw new Error("a bug");
        return listener.ended(pid, exit, usage);
      },
    };
    expect(() => reapEnded(port, broken)).toThrow("a bug");
    expect(ended).toEqual([]);
    expect(told).toContain("afterwards 3");
    expect(told.at(-1)).toBe("settled");
  });
});
