import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  clock,
  makeOutputPort,
  makeProcessPort,
  makeSpawnPort,
  makeUserPort,
  network,
  timers,
} from "../../src/daemon-ports.ts";
import type { PlainData } from "../../src/core/plain-data.ts";
import { NO_FILES } from "../../src/config/look.ts";
import { DaemonChildren } from "../../src/daemon-children.ts";
import { Estate } from "../../src/daemon-estate.ts";
import { ServiceMemory } from "../../src/daemon-memory.ts";
import { Belongings } from "../../src/supervisor/belongings.ts";
import { type CommandPorts, Commands } from "../../src/supervisor/commands.ts";
import { PendingExecs } from "../../src/supervisor/pending-execs.ts";
import type { TimerPort } from "../../src/supervisor/ports.ts";
import { PlaneHarness } from "../log/plane-harness.ts";

/** Commands with the kernel behind them; limits of time pass when the test says so. */
export function realCommands() {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-commands-"));
  const harness = new PlaneHarness();
  const place = { directories: { runtime: directory, state: directory }, estate: new Estate(new Map()) };
  const memory = ServiceMemory.open({ ...place, timers, records: ServiceMemory.openRecords(place) });
  const reaping = new DaemonChildren(null);
  const processes = makeProcessPort(reaping);
  const spawning = makeSpawnPort(memory);
  const output = makeOutputPort({ plane: harness.plane }, directory);
  const limits = new Set<{ readonly delay: number; readonly run: () => void }>();
  const held: TimerPort = {
    soon: timers.soon,
    after(delay, run) {
      const limit = { delay, run };
      limits.add(limit);
      return () => limits.delete(limit);
    },
  };
  const notes = new Map<string, PlainData>();
  let belongings = new Belongings(processes, timers.soon, () => {});
  const ports: CommandPorts = {
    spawning,
    processes,
    output,
    users: makeUserPort({}),
    files: { of: () => NO_FILES },
    timers: held,
    execs: new PendingExecs(spawning, timers),
    clock,
    annotate: (_service, word, data) => void notes.set(word, data),
    newInvocation: () => "an-invocation",
    environmentOf: () => ({}),
  };
  let commands = new Commands(ports, belongings);
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
    /** What is written down of them, by word. */
    notes,
    /** Commands of a successor, which hear of all ends from now on. */
    succeed(): Commands {
      belongings = new Belongings(processes, timers.soon, () => {});
      commands = new Commands(ports, belongings);
      return commands;
    },
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
