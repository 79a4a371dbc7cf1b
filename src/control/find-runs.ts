import { EXIT } from "../core/exit-statuses.ts";
import { MOST_HISTORY_LINES, type RunView } from "../core/history-view.ts";
import type { OutputNote, RunWish } from "./control-port.ts";
import type { Call } from "./handlers.ts";
import { quote } from "./problem.ts";

/** Which runs were meant, by service; of the others, why there is none. */
export interface FoundRuns {
  readonly runs: ReadonlyMap<string, RunWish>;
  readonly notes: readonly OutputNote[];
}

/** Finds a run of each service: by its number, or with 0 and less counted back from the last one. */
export async function findRuns(call: Call, names: readonly string[], wanted: number): Promise<FoundRuns> {
  const runs = new Map<string, RunWish>();
  const notes: OutputNote[] = [];
  for (const name of names) {
    const answer = await call.port.history({ tag: "runs", service: name, most: MOST_HISTORY_LINES });
    const kept = answer.tag === "runs" ? answer.runs : [];
    const last = kept.at(-1);
    const number = wanted > 0 || last === undefined ? wanted : last.run + wanted;
    const index = kept.findIndex(({ run }) => run === number);
    const found = kept[index];
    if (found !== undefined) runs.set(name, wishOf(found, kept[index - 1], kept[index + 1]));
    else notes.push(noteOf(name, wanted, answer.tag === "failed" ? answer.message : reasonOf(last)));
  }
  return { runs, notes };
}

function wishOf(run: RunView, before: RunView | undefined, after: RunView | undefined): RunWish {
  return {
    pid: run.pid,
    began: Date.parse(run.began) * 1000,
    endedBefore: microsOf(before?.ended),
    ended: microsOf(run.ended),
    nextBegan: microsOf(after?.began),
  };
}

function microsOf(time: string | null | undefined): number | null {
  return time == null ? null : Date.parse(time) * 1000;
}

function reasonOf(last: RunView | undefined): string {
  return last === undefined ? "it has not run since the history begins" : `it is not kept, the last one is ${last.run}`;
}

function noteOf(name: string, run: number, reason: string): OutputNote {
  return { note: `cannot show run ${run} of ${quote(name)}: ${reason}`, exit: EXIT.failed };
}
