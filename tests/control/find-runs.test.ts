import { describe, expect, test } from "bun:test";
import { findRuns } from "../../src/control/find-runs.ts";
import type { HistoryAnswer, RunView } from "../../src/core/history-view.ts";

function runOf(run: number, repeated = 0): RunView {
  const [began, ended] = ["2026-01-02T03:04:05.000Z", "2026-01-02T03:04:06.000Z"];
  return { service: "web", run, pid: 100 + run, began, ended, cause: null, reason: "exited 1", repeated, report: true };
}

/** What is found of "web", of which these runs are kept: the process of the run, or why there is none. */
async function find(run: number, kept: readonly RunView[]): Promise<number | string | undefined> {
  const port = { history: (): Promise<HistoryAnswer> => Promise.resolve({ tag: "runs", runs: [...kept] }) };
  const { runs, notes } = await findRuns({ port }, { names: ["web"], run, isNamed: () => true });
  return runs.get("web")?.pid ?? notes[0]?.note;
}

describe("the run that is meant", () => {
  const kept = [runOf(3), runOf(4), runOf(9, 4), runOf(12)];
  const cases: readonly (readonly [number, readonly RunView[], number | string])[] = [
    [0, kept, 112],
    [4, kept, 104],
    [-3, kept, 109],
    [-5, kept, 'cannot show run -5 of "web": run 7 is not kept, as it ended the same way as run 9'],
    [10, kept, 'cannot show run 10 of "web": run 10 is not kept, the nearest are runs 9 and 12'],
    [2, kept, 'cannot show run 2 of "web": run 2 is not kept, the nearest is run 3'],
    [40, kept, 'cannot show run 40 of "web": run 40 is not kept, the nearest is run 12'],
    [-1, [], 'cannot show run -1 of "web": it has not run since the history begins'],
  ];
  test.each(cases)("%d", async (run, runs, found) => expect(await find(run, runs)).toBe(found));
});
