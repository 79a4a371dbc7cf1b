import { look } from "../../src/config/look.ts";
import type { HistoryEntry, OutputLine } from "../../src/core/history.ts";
import type { Exit } from "../../src/core/exit.ts";
import type { Instant, Millis } from "../../src/core/units.ts";
import { Operator } from "../../src/supervisor/operator.ts";
import type { SpawnOutcome, SpawnPlan } from "../../src/supervisor/ports.ts";
import { literalKernel } from "./literal-kernel.ts";
import { RunFiles } from "../../src/supervisor/run-files.ts";
import type { Beginnings } from "../../src/supervisor/adopt-services.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";
import type { SavedService } from "../../src/core/saved-record.ts";
import { type DefinitionChanges, literalDefinition } from "../core/literal-definition.ts";
import { LiteralMachine } from "./literal-machine.ts";
import { LiteralTimers } from "./literal-timers.ts";

/** A whole supervisor on a machine made of literals. Main processes get the numbers 201, 202 and so on. */
export function literalSupervisor(options: { readonly stopTimeout?: Millis } = {}) {
  const machine = new LiteralMachine();
  const timers = new LiteralTimers();
  const ended: { readonly pid: number; readonly exit: Exit; readonly usage: null }[] = [];
  const watched = new Map<number, () => void>();
  const world = {
    machine,
    timers,
    /** What was reported, as "notice: web: up (pid 201)". */
    reports: [] as string[],
    /** What was written down, as "wanted web down". */
    memory: [] as string[],
    /** The records that were written down, one after the other. */
    kept: [] as ServiceRecord[],
    /** What is kept of the past. */
    history: [] as HistoryEntry[],
    /** How many of the last lines of a run are kept, and what they are. */
    mostLines: 0,
    lastWords: Promise.resolve<readonly OutputLine[]>([]),
    /** Runs of a predecessor that are not lost. */
    goOn: [] as string[],
    spawned: [] as SpawnPlan[],
    /** The statuses with which it has said that it is over. */
    endings: [] as number[],
    /** What becomes of the next spawns; without it they succeed. */
    spawn: null as ((plan: SpawnPlan) => SpawnOutcome) | null,
    pending: [] as { pid: number; result: { tag: "spawned" } | { tag: "failed"; stage: string; errno: string } }[],
    /** A child ends; the loop hears of it in this turn. */
    end(pid: number, exit: Exit = { tag: "code", code: 0 }): void {
      machine.becomeZombie(pid);
      ended.push({ pid, exit, usage: null });
      supervisor.childrenEnded();
      timers.turns();
    },
    /** A process that is no child ends: only its pidfd tells. */
    endForeign(pid: number): void {
      machine.end(pid);
      for (const [fd, ready] of watched) if (!machine.isAlive(fd)) ready();
      timers.turns();
    },
    boot(definitions: readonly DefinitionChanges[], left: Partial<Omit<Beginnings, "definitions">> = {}): void {
      const none = { unfit: {}, remembered: [], saved: new Map<string, SavedService>(), isCutOff: false };
      supervisor.boot({ ...none, ...left, definitions: definitions.map(literalDefinition) });
      timers.turns();
    },
    stateOf: (service: string): string => operator.service(service)?.state ?? "gone",
  };
  const note = (text: string): void => void world.memory.push(text);
  const supervisor: Supervisor = new Supervisor({
    clock: timers,
    timers,
    kernel: literalKernel(),
    history: {
      session: "this",
      goesOn: (session, run) => void world.goOn.push(`${session} ${run}`),
      keep: (entry) => void world.history.push(entry),
      lines: () => world.mostLines,
      ownLines: () => [],
      ownPeak: () => 0,
    },
    processes: machine,
    report: (severity, message) => void world.reports.push(`${severity}: ${message}`),
    reaping: {
      peekEnded: () => ended[0] ?? null,
      peekChild: (pid) => ended.find((child) => child.pid === pid) ?? null,
      listEnded: () => ended.map((child) => child.pid),
      reap(pid) {
        ended.splice(0, ended.length, ...ended.filter((child) => child.pid !== pid));
        machine.end(pid);
      },
    },
    spawning: {
      spawn(plan) {
        world.spawned.push(plan);
        if (world.spawn !== null) return world.spawn(plan);
        const pid = 200 + world.spawned.length;
        const environment = Object.fromEntries(plan.env.map((line) => line.split("=", 2) as [string, string]));
        machine.start(pid, { environment });
        return { tag: "spawned", pid, pidfd: machine.openPidfd(pid) };
      },
      pollPending: () => world.pending.splice(0),
      pipe: () => ({ read: machine.openFd(), write: machine.openFd() }),
      readPipe: () => null,
    },
    memory: {
      intend: (service) => note(`intend ${service}`),
      running: (service, pid) => note(`running ${service} ${pid}`),
      exited: (service) => note(`exited ${service}`),
      wanted(service, want) {
        note(`wanted ${service} ${want}`);
        return Promise.resolve();
      },
      keep: (record) => void world.kept.push(record),
      performed: () => {},
      forget: (service) => note(`forget ${service}`),
    },
    output: {
      configure: () => {},
      adopted: () => [],
      adoptedCommands: () => [],
      resume: () => {},
      pipe: () => ({ read: machine.openFd(), write: machine.openFd() }),
      discard: (fd) => machine.closeFd(fd),
      open: () => {},
      drain: () => {},
      lastWords: () => world.lastWords,
      forget: () => {},
      watch: (fd, ready) => void watched.set(fd, ready),
      unwatch: (fd) => void watched.delete(fd),
      troubleOf: () => null,
      lossesOf: () => [],
      expect: () => () => {},
    },
    users: {
      findUser: () => null,
      findGroup: () => null,
      groupsOf: () => [],
      ownUid: 0,
      ownGid: 0,
      inherited: {},
    },
    files: new RunFiles({
      timers,
      host: () => "host",
      look: (request, done) => timers.soon(() => done({ ...look(request), ends: null })),
      outputOf: () => null,
      closeFd: () => undefined,
    }),
    stopTimeout: options.stopTimeout ?? null,
    newInvocation: () => `run-${world.spawned.length + 1}`,
    jitter: () => 0,
    active: () => {},
    noteEnd: () => {},
    ending: () => {},
    ended: (code) => void world.endings.push(code),
  });
  const operator = new Operator(supervisor);
  return Object.assign(world, { supervisor, operator, now: (): Instant => timers.now() });
}
