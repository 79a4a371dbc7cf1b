import { describe, expect, test } from "bun:test";
import type { Exit } from "../../src/core/exit.ts";
import { type EndedLife, MOST_BEGINNINGS, type Succession, decideSuccession } from "../../src/core/guardianship.ts";
import { millis } from "../../src/core/units.ts";

const killed: Exit = { tag: "signal", signal: "SIGKILL", dumped: false };
const crashed: Exit = { tag: "signal", signal: "SIGSEGV", dumped: true };
const failed: Exit = { tag: "code", code: 1 };

/** A life of 5 s that was up and has failed, unless something else is said. */
function life(of: Partial<EndedLife>): EndedLife {
  return { exit: failed, over: null, lived: millis(5_000), wasReady: true, everReady: true, ...of };
}

function succeed(after: number, failures: number, record: "use" | "ignore" = "use"): Succession {
  return { tag: "succeed", after: millis(after), failures, record };
}

describe("a guardian whose supervisor has ended", () => {
  const ends: readonly (readonly [string, Partial<EndedLife>, number])[] = [
    ["in order", { over: 0, exit: { tag: "code", code: 0 } }, 0],
    ["in order, with the status of a critical service", { over: 42, exit: { tag: "code", code: 42 } }, 42],
    ["in order, and was killed on its way out", { over: 7, exit: killed }, 7],
    ["before it was up", { wasReady: false, everReady: false }, 1],
    ["before it was up, as if all were well", { everReady: false, exit: { tag: "code", code: 0 } }, 1],
  ];
  test.each(ends)("%s ends as well", (_, of, code) => {
    expect(decideSuccession(life(of), 0)).toEqual({ tag: "end", code });
  });

  test("before it was up, by a signal, begins another a few times, later and later, and then ends as well", () => {
    const begun = { wasReady: false, everReady: false, lived: millis(200) };
    const after = (exit: Exit): readonly Succession[] =>
      [0, 1, 2, 3, 4].map((before) => decideSuccession(life({ ...begun, exit }), before));
    expect(after(crashed)).toEqual([
      succeed(100, 1),
      succeed(200, 2),
      succeed(400, 3, "ignore"),
      succeed(800, 4, "ignore"),
      { tag: "end", code: 139 },
    ]);
    expect(after(killed)).toEqual([
      ...[1, 2, 3, 4].map((failures) => succeed(50 * 2 ** failures, failures)),
      { tag: "end", code: 137 },
    ]);
    expect(after(killed)).toHaveLength(MOST_BEGINNINGS);
  });

  /** What the one was that has ended, how many had failed before it, and what follows. */
  type Successor = readonly [about: string, ended: readonly [Partial<EndedLife>, before: number], follows: Succession];
  const successors: readonly Successor[] = [
    [
      "that was killed after a long life begins another at once",
      [{ exit: killed, lived: millis(99_000) }, 2],
      succeed(0, 0),
    ],
    [
      "that crashed after a long life forgets what failed before",
      [{ exit: crashed, lived: millis(10_000) }, 9],
      succeed(0, 0),
    ],
    ["that was killed blames nothing for it", [{ exit: killed }, 2], succeed(0, 2)],
    [
      "that was killed in its first second waits for a moment",
      [{ exit: killed, lived: millis(900) }, 0],
      succeed(100, 0),
    ],
    [
      "that was killed while it began blames nothing for it",
      [{ exit: killed, wasReady: false, lived: millis(100) }, 2],
      succeed(100, 2),
    ],
    [
      "that was killed after having begun for long takes it for a failure",
      [{ exit: killed, wasReady: false }, 0],
      succeed(0, 1),
    ],
    ["that failed begins another at once", [{ exit: crashed }, 0], succeed(0, 1)],
    ["that failed twice waits", [{ exit: crashed }, 1], succeed(100, 2)],
    ["that failed three times mistrusts what was written down", [{ exit: crashed }, 2], succeed(200, 3, "ignore")],
    ["that went on failing waits longer", [{ exit: failed, wasReady: false }, 5], succeed(1_600, 6, "ignore")],
    ["that never succeeds waits ten seconds", [{ exit: failed, wasReady: false }, 500], succeed(10_000, 501, "ignore")],
    ["that took long to fail has failed", [{ wasReady: false, lived: millis(60_000) }, 0], succeed(0, 1)],
    [
      "that could not be started waits as after a failure",
      [{ exit: { tag: "unknown" }, wasReady: false }, 1],
      succeed(100, 2),
    ],
  ];
  test.each(successors)("%s", (_, [of, before], follows) => {
    expect(decideSuccession(life(of), before)).toEqual(follows);
  });
});
