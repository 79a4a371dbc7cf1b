import { existsSync } from "node:fs";
import type { HistoryAnswer, HistoryQuestion } from "../core/history-view.ts";
import { openHistoryForReading, reasonOf } from "./history-file.ts";
import { queryHistory } from "./history-query.ts";

/** Answers out of the file that a supervisor has left; null: there is none. Nothing in it is changed. */
export function readLeftHistory(path: string, question: HistoryQuestion): HistoryAnswer | null {
  if (!existsSync(path)) return null;
  try {
    using db = openHistoryForReading(path);
    return queryHistory(db, question);
  } catch (error) {
    return { tag: "failed", message: `cannot read the history in "${path}": ${reasonOf(error)}` };
  }
}
