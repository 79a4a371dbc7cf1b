/*
 * The oom score of this process itself, low while it starts nothing. Children inherit it, and one that still shares the memory of
 * this process is given every score that this is given: so it is low only in between, and a child never sees it.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";

const OWN = "/proc/self/oom_score_adj";

let own: number | null = null;
/** What it was before; null: the shield is not up. */
let usual: string | null = null;

/**
 * Gives this process the score that `decide` makes of its usual one (null: it stays); false if it may not have that (it takes
 * CAP_SYS_RESOURCE). Not while a child shares its memory. The file is opened with the first call: before root is given up.
 */
export function raiseOomShield(decide: (usual: number) => number | null): boolean {
  if (usual !== null) return true;
  try {
    own ??= openSync(OWN, "r+");
    const buffer = Buffer.alloc(16);
    const before = buffer.toString("latin1", 0, readSync(own, buffer, 0, buffer.length, 0)).trim();
    const score = decide(Number(before));
    if (score === null) return true;
    writeSync(own, String(score), 0);
    usual = before;
    return true;
  } catch {
    if (own !== null) closeSync(own);
    own = null;
    return false;
  }
}

/** What is started or executed from now on inherits the usual score. Harmless if the shield is not up. */
export function lowerOomShield(): void {
  if (own === null || usual === null) return;
  writeSync(own, usual, 0);
  usual = null;
}
