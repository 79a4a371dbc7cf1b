/* Fits the kernel to the ports of the supervisor. Part of the composition root: nothing here decides anything. */
import { ownOomScoreOf } from "./core/own-oom-score.ts";
import type { Definition } from "./core/definition.ts";
import { logFilesOf } from "./core/log-policy.ts";
import { type WallTime, millis } from "./core/units.ts";
import type { DaemonChildren } from "./daemon-children.ts";
import type { ServiceMemory } from "./daemon-memory.ts";
import type { DataPlane } from "./log/data-plane.ts";
import { BEFORE_READER_RUNS, type FileReaders } from "./log/file-readers.ts";
import type { Loggers } from "./log/loggers.ts";
import { monotonicNow, wallNow } from "./os/clock.ts";
import { findHostAddresses } from "./os/host-addresses.ts";
import { raiseOomShield } from "./os/oom-shield.ts";
import { readPidFile } from "./os/pid-file.ts";
import { openLogPipe, readPipe } from "./os/pipe-io.ts";
import {
  catchesSignal,
  readChildren,
  readEnvironment,
  readProcess,
  readProcessName,
  readProcessTable,
} from "./os/processes.ts";
import { readProcessExit } from "./os/process-exit.ts";
import { closeFd, openPidfd, signalGroup, signalPidfd } from "./os/signalling.ts";
import { SpawnBudget } from "./os/spawn-budget.ts";
import type { ResourceLimit } from "./os/spawn-request.ts";
import { Spawner } from "./os/spawn.ts";
import { connectTcp, sendFirst, takeConnectError } from "./os/tcp-connection.ts";
import { findGroup, findGroupsOf, findUser } from "./os/user-database.ts";
import type { NetworkPort } from "./supervisor/connection.ts";
import {
  BEFORE_COMMAND_RUNS,
  type OutputPort,
  type ProcessPort,
  type SpawnPlan,
  type SpawnPort,
  type TimerPort,
} from "./supervisor/ports.ts";
import type { UserPort } from "./supervisor/prepare-run.ts";

export const clock = { now: monotonicNow, wall: wallNow };

export const timers: TimerPort = {
  after(delay, run) {
    const handle = setTimeout(run, delay);
    return () => clearTimeout(handle);
  },
  soon: (run) => void setImmediate(run),
};

/** `children`: ours, with those of a guardian. */
export function makeProcessPort(children: DaemonChildren): ProcessPort {
  return {
    ownPid: process.pid,
    parents: children.parents,
    table: () => readProcessTable().filter((row) => !children.isGoing(row)),
    row: readProcess,
    childrenOf: readChildren,
    strangers: () => children.strangers(),
    seesAll: () => children.seesAll(),
    lookAhead: () => children.lookAhead(),
    knowChild: (pid) => children.know(pid),
    forgetChild: (pid) => children.forget(pid),
    environment: readEnvironment,
    name: readProcessName,
    catchesSignal,
    pidIn: readPidFile,
    openPidfd,
    exitOf: readProcessExit,
    signal: signalPidfd,
    signalGroup,
    closeFd,
  };
}

export const network: NetworkPort = {
  addressesOf: findHostAddresses,
  connect: connectTcp,
  takeError: takeConnectError,
  send: sendFirst,
  receive: (fd, buffer) => readPipe(fd, buffer, { offset: 0, most: buffer.length }),
  close: closeFd,
};

export function makeUserPort(env: Readonly<Record<string, string | undefined>>): UserPort {
  const inherited: Record<string, string> = {};
  for (const name of ["LANG", "TZ"]) {
    const value = env[name];
    if (value !== undefined) inherited[name] = value;
  }
  return {
    findUser,
    findGroup,
    groupsOf: findGroupsOf,
    ownUid: process.getuid?.() ?? 0,
    ownGid: process.getgid?.() ?? 0,
    inherited,
  };
}

export interface SpawnHelp {
  /** What the main process of a service reads from; null: nothing. */
  standardInputOf(service: string): number | null;
  /** A process is about to be started. */
  beforeSpawn(): void;
  /** true: this process may protect itself while it starts none. What gives up root may not: each child could do the same. */
  readonly mayShield: boolean;
}

const NO_HELP: SpawnHelp = { standardInputOf: () => null, beforeSpawn() {}, mayShield: false };

/** So long after a start it has its usual score: of a thousand starts in a row hardly one has to change it. */
const SHIELD_AFTER = millis(500);

/** `prepare`: what takes a while with the first spawn, and takes descriptors, is done now. */
export function makeSpawnPort(
  memory: Pick<ServiceMemory, "addressOf">,
  help: SpawnHelp = NO_HELP,
): SpawnPort & { prepare(): void } {
  const spawner = new Spawner();
  const budget = new SpawnBudget();
  let isShielded = help.mayShield;
  let isWaiting = false;
  const shieldLater = (): void => {
    if (!isShielded || isWaiting) return;
    isWaiting = true;
    timers.after(SHIELD_AFTER, () => {
      isWaiting = false;
      if (spawner.pendingCount > 0) shieldLater();
      else isShielded = raiseOomShield((usual) => ownOomScoreOf("supervisor", usual));
    });
  };
  shieldLater();
  return {
    prepare: () => void spawner.prepare(),
    spawn(plan) {
      const began = monotonicNow();
      // Its score is given to it after the exec, so that is waited for.
      const mayWait = plan.wait !== "none" || plan.definition.oomScoreAdjust !== 0;
      const stdin = plan.isMain ? help.standardInputOf(plan.service) : null;
      help.beforeSpawn();
      const request = { ...requestOf(plan), stdin, record: plan.isMain ? memory.addressOf(plan.service) : null };
      const result = spawner.spawn(request, mayWait ? budget.allowance(began, spawner.pendingCount) : 0);
      budget.note(began, monotonicNow());
      shieldLater();
      return result;
    },
    pollPending: () => spawner.poll().map((outcome) => ({ pid: outcome.pid, result: outcome })),
    pipe() {
      const opened = openLogPipe();
      return opened.tag === "ok" ? opened.ends : opened.errno;
    },
    readPipe(fd, buffer) {
      const result = readPipe(fd, buffer, { offset: 0, most: buffer.length });
      return result.tag === "read" ? result.count : result.tag === "empty" ? 0 : null;
    },
  };
}

function requestOf(plan: SpawnPlan): Omit<Parameters<Spawner["spawn"]>[0], "record" | "stdin"> {
  const { path, argv, env, stdout, stderr, credentials, definition } = plan;
  const { directory, umask, nice, oomScoreAdjust, noNewPrivileges } = definition;
  return {
    path,
    argv,
    env,
    directory,
    stdout,
    stderr,
    passed: passedOf(plan),
    umask,
    nice,
    oomScoreAdjust,
    limits: limitsOf(definition),
    noNewPrivileges,
    credentials,
    goesFirst: plan.wait === "program",
  };
}

const FIRST_PASSED = 3;

/** By number, from the first that may be passed; numbers that nobody asks for are left out. */
function passedOf({ descriptors }: SpawnPlan): readonly (number | null)[] {
  const passed: (number | null)[] = [];
  for (const { fd, as } of descriptors) {
    while (passed.length <= as - FIRST_PASSED) passed.push(null);
    passed[as - FIRST_PASSED] = fd;
  }
  return passed;
}

function limitsOf(definition: Definition): readonly ResourceLimit[] {
  return Object.entries(definition.limits).map(([resource, limit]) => ({
    resource: resource as ResourceLimit["resource"],
    ...limit,
  }));
}

/** The file of a service that names none. */
export function standardLogFileOf(name: string, logDirectory: string): string {
  return `${logDirectory}/${name}.log`;
}

/** Where the output of a service is written first, absolute; null: to no file. */
export function logFileOf({ name, log }: Pick<Definition, "name" | "log">, logDirectory: string): string | null {
  return logFilesOf(log, standardLogFileOf(name, logDirectory))[0]?.path ?? null;
}

/** Where output goes: without `logs`, to the data plane alone. */
export interface OutputParts {
  readonly plane: DataPlane;
  readonly loggers?: Loggers;
  readonly files?: FileReaders;
}

export function makeOutputPort({ plane, loggers, files }: OutputParts, logDirectory: string): OutputPort {
  return {
    configure({ name, log }) {
      loggers?.configure(name, log);
      const standard = standardLogFileOf(name, logDirectory);
      plane.configure(name, log, standard);
      files?.configure(name, log, standard);
    },
    adopted: () => plane.pipes.adopted.filter(({ run }) => run < BEFORE_COMMAND_RUNS),
    adoptedCommands: () =>
      plane.pipes.adopted.filter(({ run }) => run > BEFORE_COMMAND_RUNS && run < BEFORE_READER_RUNS),
    resume() {
      plane.resume();
      loggers?.resume();
    },
    pipe: (of, leaving = 0) => plane.pipes.make(of, leaving),
    discard: (read) => plane.pipes.close(read),
    open({ run, service, pid, stdout, stderr, began }) {
      if (began.length > 0) return plane.begin({ run, service, began });
      const errors = stderr < 0 ? [] : [{ fd: stderr, stream: "stderr" as const }];
      plane.open({ run, service, pid }, [{ fd: stdout, stream: "stdout" }, ...errors]);
    },
    drain: (run, written) => void plane.drain(run).then(written),
    async lastWords(of, count) {
      const lines = await plane.lastWords(of, count);
      return lines.map(({ at, stream, text }) => ({ at: Math.floor(at / 1000) as WallTime, stream, text }));
    },
    troubleOf: (service) =>
      plane.troubleOf(service) ?? files?.troubleOf(service) ?? loggers?.troubleOf(service) ?? null,
    lossesOf: (service) => plane.losses.of(service),
    forget(service) {
      plane.forget(service);
      loggers?.forget(service);
      files?.forget(service);
    },
    watch: (fd, ready) => plane.watch(fd, ready),
    unwatch: (fd) => plane.unwatch(fd),
    expect: (service, pattern, found) => plane.expect(service, pattern, found),
  };
}
