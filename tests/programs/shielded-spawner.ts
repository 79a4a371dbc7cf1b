/*
 * Spawns behind a shield, and writes the oom scores that came of it to standard output as JSON. A process of its own, as its score
 * is changed: from 300, which is the usual one here, back to what it was, which needs no right.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { lowerOomShield, raiseOomShield } from "../../src/os/oom-shield.ts";
import { Spawner } from "../../src/os/spawn.ts";
import { commandOf, expectChild, reap, requestOf } from "../os/spawn-kit.ts";

const scoreOf = (pid: number | "self"): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));

const low = scoreOf("self");
writeFileSync("/proc/self/oom_score_adj", "300");
using spawner = new Spawner();

/** Its score, and that of this process meanwhile. */
function scoresBehindShield(oomScoreAdjust: number | null): readonly number[] {
  const isRaised = raiseOomShield((usual) => (usual <= low ? null : low));
  const before = isRaised ? scoreOf("self") - low : Number.NaN;
  const child = expectChild(spawner.spawn(requestOf({ ...commandOf("/bin/sleep", "10"), oomScoreAdjust }), 5_000));
  const scores = [before, scoreOf(child.pid), scoreOf("self")];
  process.kill(child.pid, "SIGKILL");
  reap(child);
  return scores;
}

const inherits = scoresBehindShield(null);
const isGiven = scoresBehindShield(400);
lowerOomShield();
console.log(JSON.stringify({ inherits, isGiven, after: scoreOf("self") }));
