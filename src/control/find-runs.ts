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

export interface RunsWanted {
  readonly names: readonly string[];
  /** A run by its number, or with 0 and less counted back from the last one. */
  readonly run: number;
  /** true: this service was asked for by its own name, so that it is told why there is no such run of it. */
  isNamed(name: string): boolean;
}

/** Finds a run of each service; of those that were not asked for by name, of those that have one. */
export async function findRuns(call: Call, { names, run: wanted, isNamed }: RunsWanted): Promise<FoundRuns> {
  const runs = new Map<string, RunWish>();
  const notes: OutputNote[] = [];
  const without: string[] = [];
  for (const name of names) {
    const answer = await call.port.history({ tag: "runs", service: name, most: MOST_HISTORY_LINES });
    const kept = answer.tag === "runs" ? answer.runs : [];
    const last = kept.at(-1);
    const number = wanted > 0 || last === undefined ? wanted : last.run + wanted;
    const index = kept.findIndex(({ run }) => run === number);
    const found = kept[index];
    if (found !== undefined) runs.set(name, wishOf(found, kept[index - 1], kept[index + 1]));
    else if (answer.tag === "failed") notes.push(noteOf(name, wanted, answer.message));
    else if (isNamed(name)) notes.push(noteOf(name, wanted, reasonOf(last)));
    else without.push(name);
  }
  if (runs.size === 0 && notes.length === 0 && without.length > 0)
    notes.push({ note: `cannot show run ${wanted}: no service has one`, exit: EXIT.failed });
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
