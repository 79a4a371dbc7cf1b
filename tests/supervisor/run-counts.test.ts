import { expect, test } from "bun:test";
import type { Exit } from "../../src/core/exit.ts";
import { RunCounts } from "../../src/supervisor/run-counts.ts";
import { LiteralLife } from "./literal-life.ts";

function life(predecessor: LiteralLife | null = null) {
  const it = new LiteralLife({}, predecessor);
  const counts = new RunCounts(it.annotate);
  it.companions.push(counts);
  if (predecessor !== null) counts.adopted(it.record);
  return Object.assign(it, {
    counts,
    run(): void {
      it.timers.time++;
      it.up();
    },
    end(exit: Exit): void {
      it.backoff();
      it.change({
        startedAt: null,
        restarts: it.record.restarts + 1,
        lastExit: { at: it.timers.wall(), exit, reason: "" },
      });
    },
  });
}

test("what was counted goes on to be counted by a successor, a run that has begun since included", () => {
  const before = life();
  before.run();
  before.end({ tag: "code", code: 1 });
  before.run();
  before.end({ tag: "signal", signal: "SIGSEGV", dumped: false });
  before.run();
  const known = before.counts.of("web");
  const it = life(before);
  expect(it.counts.of("web")).toEqual(known);
  it.end({ tag: "code", code: 1 });
  expect(it.counts.of("web")).toEqual({
    starts: known.starts,
    restarts: 3,
    exits: [
      { reason: "exit", status: "1", count: 2 },
      { reason: "signal", status: "SIGSEGV", count: 1 },
    ],
  });
});

test("a first run that nothing was written down of counts", () => {
  const before = life();
  before.run();
  expect([before.record.beside, life(before).counts.of("web").starts]).toEqual([{}, 1]);
});

test("nothing is known of a service that has never run", () => {
  expect(life(life()).counts.of("web")).toEqual({ starts: 0, restarts: 0, exits: [] });
});
