import { EXIT } from "../core/exit-statuses.ts";
import { MOST_HISTORY_LINES, type RunView } from "../core/history-view.ts";
import type { ControlPort, OutputNote, RunWish } from "./control-port.ts";
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

interface Asker {
  readonly port: Pick<ControlPort, "history">;
}

/** Finds a run of each service; of those that were not asked for by name, of those that have one. */
export async function findRuns(call: Asker, { names, run: wanted, isNamed }: RunsWanted): Promise<FoundRuns> {
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
    else if (isNamed(name)) notes.push(noteOf(name, wanted, reasonOf(kept, number)));
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

function reasonOf(kept: readonly RunView[], number: number): string {
  const [before, after] = [kept.findLast(({ run }) => run < number), kept.find(({ run }) => run > number)];
  const like = after !== undefined && after.run - after.repeated <= number ? after.run : null;
  if (like !== null) return `run ${number} is not kept, as it ended the same way as run ${like}`;
  const near = [before, after].flatMap((each) => (each === undefined ? [] : [each.run]));
  if (near.length === 0) return "it has not run since the history begins";
  return `run ${number} is not kept, the nearest ${near.length === 1 ? "is run" : "are runs"} ${near.join(" and ")}`;
}

function noteOf(name: string, run: number, reason: string): OutputNote {
  return { note: `cannot show run ${run} of ${quote(name)}: ${reason}`, exit: EXIT.failed };
}
