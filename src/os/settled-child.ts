import { readProcess } from "./processes.ts";
import { readChildWord, type ChildWord } from "./state-record.ts";

/** The child has some instructions to go, for which it may have to wait for its turn on a busy machine. */
const MOST_LOOKS = 3_000;
/** One that somebody has stopped just there may still go on later: that is not waited for. */
const MOST_LOOKS_STOPPED = 100;
const PAUSE_MS = 1;

/**
 * What the child of a dead predecessor has written, once it has found out whether it may go on: `bytes` are its record in
 * the mapping, whose generation has been advanced. One that has ended without going on has never been there: its pid is 0.
 */
export function settledChildWord(bytes: Uint8Array): ChildWord {
  const first = readChildWord(bytes);
  // Most have gone on long since.
  if (first.pid === 0 || first.goesOn) return first;
  for (let look = 0; ; look++) {
    const state = readProcess(readChildWord(bytes).pid)?.state ?? "X";
    // Read once more: it may have gone on, and ended since.
    const word = readChildWord(bytes);
    if (word.pid === 0 || word.goesOn) return word;
    if ("ZX".includes(state)) return { ...word, pid: 0 };
    if (look >= (state === "T" ? MOST_LOOKS_STOPPED : MOST_LOOKS)) return word;
    Bun.sleepSync(PAUSE_MS);
  }
}
