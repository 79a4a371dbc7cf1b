/*
 * The ends of processes: children of this supervisor as they are reaped, and processes of a dead predecessor, which are
 * nobody's children here and whose end only a pidfd tells.
 */
import type { Definition } from "../core/definition.ts";
import type { Exit } from "../core/exit.ts";
import type { Fleet } from "../core/fleet.ts";
import type { Force } from "../core/service-state.ts";
import { millis } from "../core/units.ts";
import type { Belongings } from "./belongings.ts";
import type { Commands } from "./commands.ts";
import type { Companions } from "./companions.ts";
import { Guard } from "./guard.ts";
import type { Launcher } from "./launcher.ts";
import type { PendingExecs } from "./pending-execs.ts";
import type {
  EndedUsage,
  MemoryPort,
  OutputPort,
  ProcessPort,
  ProcessRow,
  ReapPort,
  Report,
  TimerPort,
} from "./ports.ts";
import { isEnded } from "./process-snapshot.ts";
import { reapEnded } from "./reaper.ts";

export interface DeparturePorts {
  readonly fleet: Fleet;
  readonly belongings: Belongings;
  readonly commands: Commands;
  readonly launcher: Launcher;
  readonly execs: PendingExecs;
  readonly reaping: ReapPort;
  readonly memory: MemoryPort;
  readonly output: OutputPort;
  readonly processes: ProcessPort;
  readonly timers: TimerPort;
  readonly report: Report;
  readonly companions: Pick<Companions, "settle" | "history">;
}

/** When to look again after something went wrong. */
const ANOTHER_LOOK = millis(1_000);

/** An exec is over by then, unless the machine is very busy. */
const RETRY_AFTER = millis(5);

/** A process that is no child of ours. */
type Foreign = Pick<ProcessRow, "pid" | "startTicks">;

export class Departures {
  readonly #ports: DeparturePorts;
  readonly #guard: Guard;
  /** Something has ended that may have been the last of a service. */
  #mayBeEmpty = false;
  #isRetrying = false;

  constructor(ports: DeparturePorts) {
    this.#ports = ports;
    this.#guard = new Guard(ports.report);
  }

  /** Some child has ended: takes note of each, up to a bound in one turn. */
  look(): void {
    const { reaping, belongings, processes, timers } = this.#ports;
    try {
      const hasMore = reapEnded(reaping, {
        ended: (pid, exit, usage) => this.#ended({ pid, usage }, exit),
        reaped: (pid) => belongings.reaped(pid),
        together: (pids, tell) => belongings.orphans.whileMetOf(pids, tell),
        settled: () => {
          this.#sweep();
          processes.lookAhead();
        },
      });
      if (hasMore) timers.soon(() => this.look());
    } catch (error) {
      // What has ended is still there, but nothing tells of it a second time.
      timers.after(ANOTHER_LOOK, () => this.look());
      throw error;
    }
  }

  /** Takes another process for the main one from now on; false: it has ended since it was looked at, so nobody would tell of that. */
  mainChanged(service: string, pid: number): boolean {
    const { belongings, memory, processes } = this.#ports;
    const row = processes.row(pid);
    if (row === null) return false;
    belongings.named(service, pid);
    memory.running(service, pid, row.startTicks);
    if (belongings.isForeign(service)) this.watchForeign(service, row);
    return true;
  }

  /** Tells of the end of a process that a predecessor left and that is no child of ours. */
  watchForeign(service: string, process: Foreign): void {
    const { processes, output, timers } = this.#ports;
    const { pid } = process;
    const pidfd = processes.openPidfd(pid);
    if (pidfd === null) return this.#lookForForeign(service, process);
    // The number may have been given to another process between the look and the opening.
    if (!isThere(process, processes.row(pid))) {
      processes.closeFd(pidfd);
      return timers.soon(() => this.#foreignEnded(service, pid, null));
    }
    output.watch(pidfd, () => {
      output.unwatch(pidfd);
      const exit = processes.exitOf(pid, pidfd);
      processes.closeFd(pidfd);
      this.#foreignEnded(service, pid, exit);
    });
  }

  /** It has ended since it was found, or there is no descriptor to watch it with. */
  #lookForForeign(service: string, process: Foreign): void {
    const { processes, timers } = this.#ports;
    const row = processes.row(process.pid);
    if (row !== null && isThere(process, row) && !isEnded(row))
      timers.after(ANOTHER_LOOK, () => this.watchForeign(service, process));
    else timers.soon(() => this.#foreignEnded(service, process.pid, null));
  }

  #foreignEnded(service: string, pid: number, exit: Exit | null): void {
    const { belongings, launcher, output, memory, companions, fleet } = this.#ports;
    belongings.reaped(pid);
    if (belongings.mainOf(service) === pid) {
      companions.settle(service);
      memory.exited(service, exit);
      const survivors = this.#countSurvivors(service);
      const run = launcher.runOf(service);
      if (run !== null) output.drain(run);
      companions.history.departing(service, { run, usage: null });
      fleet.post(service, { tag: "exited", exit: exit ?? { tag: "unknown" }, survivors });
    }
    this.#mayBeEmpty = true;
    this.#sweep();
  }

  /** A child has ended and is not reaped yet; what is returned is done once it is. */
  #ended({ pid, usage }: { readonly pid: number; readonly usage: EndedUsage | null }, exit: Exit): (() => void) | null {
    const { execs, belongings, commands, memory, launcher, output, fleet } = this.#ports;
    // If its exec has failed, that is what is told of it, and not the exit that came of it.
    if (execs.has(pid)) execs.look();
    const speaker = belongings.serviceOfMain(pid) ?? commands.serviceOf(pid);
    // What it has said counts, that another process is the main one included.
    if (speaker !== null) this.#guard.run(speaker, () => this.#ports.companions.settle(speaker));
    const service = belongings.serviceOfMain(pid);
    if (service === null) {
      if (commands.ended(pid, exit)) return null;
      belongings.orphanEnded(pid);
      this.#mayBeEmpty = true;
      return null;
    }
    memory.exited(service, exit);
    const survivors = this.#countSurvivors(service);
    const run = launcher.runOf(service);
    this.#guard.all(service, [
      () => run !== null && output.drain(run),
      () => this.#ports.companions.history.departing(service, { run, usage }),
    ]);
    const post = (): void => fleet.post(service, { tag: "exited", exit, survivors });
    if (survivors === 0) return post;
    this.#mayBeEmpty = true;
    // What is left is signalled now, while the number of the group certainly still is its own.
    post();
    return null;
  }

  /** If they cannot be counted now, there may be some: they are looked for again. */
  #countSurvivors(service: string): number {
    const { belongings, timers, report } = this.#ports;
    try {
      return belongings.mainEnded(service);
    } catch (error) {
      report("err", `${service}: cannot look for what it has left: ${String(error)}; looking again`);
      timers.after(ANOTHER_LOOK, () => {
        this.#mayBeEmpty = true;
        this.#sweep();
      });
      return 1;
    }
  }

  /** Looks whether services that only wait for their last process have lost it. */
  #sweep(): void {
    if (!this.#mayBeEmpty) return;
    const { fleet, belongings } = this.#ports;
    belongings.orphans.meet();
    this.#mayBeEmpty = false;
    for (const record of [...fleet.records()]) {
      const { tag } = record.state;
      if (tag !== "naming" && tag !== "sweeping" && tag !== "stuck") continue;
      const service = record.definition.name;
      if (belongings.mainOf(service) !== null) continue;
      if (!belongings.isEmpty(service)) {
        if (tag === "sweeping") this.#signalAgain(record.definition, record.state.force);
        continue;
      }
      belongings.over(service);
      fleet.post(service, { tag: "emptied" });
    }
    this.#retrySoon();
  }

  /** While it cannot be told yet to which service an orphan belongs. */
  #retrySoon(): void {
    const { belongings, timers } = this.#ports;
    if (this.#isRetrying || !belongings.orphans.hasOpen) return;
    this.#isRetrying = true;
    timers.after(RETRY_AFTER, () => {
      this.#isRetrying = false;
      belongings.retryOrphans();
      this.#mayBeEmpty = true;
      this.#sweep();
    });
  }

  /** What forked away from the signal gets it as well. */
  #signalAgain({ name, stop }: Definition, force: Force): void {
    if (force === "asked") this.#ports.belongings.signalLate(name, stop.signal);
    else this.#ports.belongings.killAll(name);
  }
}

/** true: the row is of this very process. */
function isThere({ startTicks }: Foreign, row: ProcessRow | null): boolean {
  return row?.startTicks === startTicks;
}
