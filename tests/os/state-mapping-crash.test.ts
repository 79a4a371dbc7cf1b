import { expect, test } from "bun:test";
import { closeSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { Spawner } from "../../src/os/spawn.ts";
import { isFoundProcess } from "../../src/os/state-found.ts";
import { openStateMapping } from "../../src/os/state-mapping.ts";
import { commandOf, expectChild, makePipe, makeScratch, reap, requestOf, statFieldOf } from "./spawn-kit.ts";

const CHURNER = join(import.meta.dir, "../programs/state-churner.ts");
const ROUNDS = 12;

/** Those that have executed: before, a child still has the environment of its parent. */
function livingChildrenOf(word: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/environ`, "utf8") === `CHURNER=${word}\0`;
      } catch {
        return false;
      }
    });
}

test("whenever a supervisor is killed, its successor knows every process that lives", () => {
  using spawner = new Spawner();
  for (let round = 0; round < ROUNDS; round++) {
    using scratch = makeScratch();
    const path = join(scratch.path, "state");
    const word = crypto.randomUUID();
    const pipe = makePipe();
    const command = commandOf(process.execPath, CHURNER, path, word);
    const churner = expectChild(
      spawner.spawn(requestOf({ ...command, env: ["PATH=/usr/bin:/bin"], stdout: pipe.write }), 10_000),
    );
    closeSync(pipe.write);
    // As many steps as chance wants; the kill comes somewhere in the step after them.
    for (let left = 1 + Math.floor(Math.random() * 40); left > 0;) {
      const count = readSync(pipe.read, Buffer.alloc(left));
      if (count === 0) throw new Error("the churner ended by itself");
      left -= count;
    }
    for (let spin = Math.random() * 20_000; spin > 0; spin--);
    process.kill(churner.pid, "SIGKILL");
    const status = reap(churner);
    closeSync(pipe.read);
    const opening = openStateMapping(path, { bootId: "boot", pid: process.pid });
    const living = livingChildrenOf(word);
    const unknown = living.filter((pid) => {
      const records = opening.tag === "ok" ? opening.mapping.records() : [];
      return !records.some(
        ({ process: found }) =>
          found.tag !== "none" && found.pid === pid && isFoundProcess(found, Number(statFieldOf(pid, 22))),
      );
    });
    if (opening.tag === "ok") opening.mapping[Symbol.dispose]();
    for (const pid of living) process.kill(pid, "SIGKILL");
    expect({ status, tag: opening.tag, unknown }).toEqual({ status: -9, tag: "ok", unknown: [] });
    expect(living.length).toBeGreaterThan(0);
  }
}, 60_000);
