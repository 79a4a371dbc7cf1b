import { expect, test } from "bun:test";
import type { Instant } from "../../src/core/units.ts";
import { type Hearer, PairedSignals } from "../../src/supervisor/paired-signals.ts";

type Hearing = readonly [at: number, name: string, by: Hearer];

const CASES: readonly (readonly [string, readonly Hearing[], readonly boolean[]])[] = [
  ["one that comes one way", [[0, "SIGHUP", "self"]], [true]],
  [
    "one that comes both ways",
    [
      [0, "SIGHUP", "self"],
      [900, "SIGHUP", "guardian"],
    ],
    [true, false],
  ],
  [
    "one that comes through the guardian first",
    [
      [0, "SIGTERM", "guardian"],
      [1, "SIGTERM", "self"],
    ],
    [true, false],
  ],
  [
    "two that come the same way",
    [
      [0, "SIGHUP", "guardian"],
      [1, "SIGHUP", "guardian"],
    ],
    [true, true],
  ],
  [
    "two that both come both ways",
    [
      [0, "SIGHUP", "guardian"],
      [1, "SIGHUP", "guardian"],
      [2, "SIGHUP", "self"],
      [3, "SIGHUP", "self"],
    ],
    [true, true, false, false],
  ],
  [
    "two of which one is late",
    [
      [0, "SIGHUP", "self"],
      [1_001, "SIGHUP", "guardian"],
    ],
    [true, true],
  ],
  [
    "two of different names",
    [
      [0, "SIGHUP", "self"],
      [0, "SIGTERM", "guardian"],
    ],
    [true, true],
  ],
  [
    "a third after a pair",
    [
      [0, "SIGHUP", "self"],
      [1, "SIGHUP", "guardian"],
      [2, "SIGHUP", "guardian"],
    ],
    [true, false, true],
  ],
];

test.each(CASES)("of signals, %s count as often as there was a cause", (_, hearings, counted) => {
  const pairs = new PairedSignals();
  expect(hearings.map(([at, name, by]) => pairs.counts(name, by, at as Instant))).toEqual([...counted]);
});
