import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  makeOutputPort,
  makeProcessPort,
  makeSpawnPort,
  makeUserPort,
  network,
  timers,
} from "../../src/daemon-ports.ts";
import { NO_FILES } from "../../src/config/look.ts";
import { DaemonChildren } from "../../src/daemon-children.ts";
import { ServiceMemory } from "../../src/daemon-memory.ts";
import { Belongings } from "../../src/supervisor/belongings.ts";
import { Commands } from "../../src/supervisor/commands.ts";
import { PendingExecs } from "../../src/supervisor/pending-execs.ts";
import type { TimerPort } from "../../src/supervisor/ports.ts";
import { PlaneHarness } from "../log/plane-harness.ts";

/** Commands with the kernel behind them; limits of time pass when the test says so. */
export function realCommands() {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-commands-"));
  const harness = new PlaneHarness();
  const memory = ServiceMemory.open({ runtime: directory, state: directory }, timers);
  const reaping = new DaemonChildren(null);
  const processes = makeProcessPort(reaping);
  const spawning = makeSpawnPort(memory);
  const output = makeOutputPort(harness.plane, directory);
  const limits = new Set<{ readonly delay: number; readonly run: () => void }>();
  const held: TimerPort = {
    soon: timers.soon,
    after(delay, run) {
      const limit = { delay, run };
      limits.add(limit);
      return () => limits.delete(limit);
    },
  };
  const belongings = new Belongings(processes, timers.soon, () => {});
  const commands = new Commands(
    {
      spawning,
      processes,
      output,
      users: makeUserPort({}),
      files: { of: () => NO_FILES },
      timers: held,
      execs: new PendingExecs(spawning, timers),
      newInvocation: () => "an-invocation",
      environmentOf: () => ({}),
    },
    belongings,
  );
  const reap = (): void => {
    for (let child = reaping.peekEnded(); child !== null; child = reaping.peekEnded()) {
      commands.ended(child.pid, child.exit);
      reaping.reap(child.pid);
      belongings.reaped(child.pid);
    }
  };
  process.on("SIGCHLD", reap);
  return {
    commands,
    network,
    output,
    timers: held,
    plane: harness.plane,
    /** A place for the files of the test. */
    directory,
    /** Every limit of at most so many milliseconds is over. */
    pass(time: number): void {
      for (const { delay, run } of [...limits]) if (delay <= time) run();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      process.off("SIGCHLD", reap);
      await harness[Symbol.asyncDispose]();
      memory.closeCleanly();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
