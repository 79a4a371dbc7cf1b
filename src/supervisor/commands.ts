/*
 * Commands that run beside a service and on its behalf: [stop] command, [reload] command, checks. Each runs in the service's
 * surroundings (user, directory, environment, limits), with MAINPID and a time limit. Its output goes into the service's
 * log, or is kept for whoever has asked.
 */
import type { Definition } from "../core/definition.ts";
import { type Exit, exitWordsOf } from "../core/exit.ts";
import { SIGNAL_NUMBERS } from "../core/signal-names.ts";
import { type Millis, millis } from "../core/units.ts";
import type { Belongings } from "./belongings.ts";
import { CapturedOutput } from "./captured-output.ts";
import { killTree } from "./kill-tree.ts";
import type { PendingExecs } from "./pending-execs.ts";
import type { OutputPort, ProcessPort, SpawnPort, TimerPort } from "./ports.ts";
import { type UserPort, prepareRun } from "./prepare-run.ts";
import type { Run } from "./run.ts";
import type { RunFiles } from "./run-files.ts";

export interface CommandPorts {
  readonly spawning: SpawnPort;
  readonly processes: ProcessPort;
  readonly output: OutputPort;
  readonly users: UserPort;
  readonly files: Pick<RunFiles, "of">;
  readonly timers: TimerPort;
  readonly execs: PendingExecs;
  newInvocation(): string;
  /** Variables for every command of this service. */
  environmentOf(definition: Definition): Readonly<Record<string, string>>;
}

export interface CommandRequest {
  readonly definition: Definition;
  readonly command: readonly string[];
  /** The service's main process, told as MAINPID; null: there is none. */
  readonly mainPid: number | null;
  readonly timeout: Millis;
  /** INVOCATION_ID, by which a successor finds it, should this supervisor die; that of the run at hand if it is not given. */
  readonly invocation?: string;
  /** true: it goes on when the service comes to rest, as it is about something that is over. */
  readonly outlives?: boolean;
  /** Variables for this command alone. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** null: it succeeded; otherwise why not, as a clause: "exited 3", "took longer than 10s". */
export type CommandDone = (failure: string | null) => void;

/** The same with the last of its output, at most as many bytes as was asked for. */
export type CaptureDone = (failure: string | null, output: string) => void;

export type CommandStart =
  | {
      readonly tag: "started";
      /** Kills it with all its children; `done` follows as usual. */
      kill(): void;
    }
  | { readonly tag: "failed"; readonly reason: string };

interface Running {
  readonly service: string;
  readonly outlives: boolean;
  readonly pidfd: number | null;
  readonly done: CommandDone;
  readonly timeout: Millis;
  readonly cancelTimeout: () => void;
  /** By which what it leaves behind is known; null: that belongs to the run of the service. */
  readonly leftovers: Run | null;
  /** Its output will not grow any more. */
  outputOver(): void;
  timedOut: boolean;
}

/** Where the output of a command goes. */
interface Sink {
  pipe(service: string): ReturnType<SpawnPort["pipe"]>;
  /** There is no command after all: closes the read end. */
  discard(read: number): void;
  /** Takes the read end, and returns what to do at the end of the command. */
  take(child: { readonly service: string; readonly pid: number; readonly stdout: number }): () => void;
}

/** What a hook gets when everything is being killed. */
const HURRIED = 2_000;

const LOOK_AGAIN = 5 as Millis;

export class Commands {
  readonly #ports: CommandPorts;
  readonly #belongings: Belongings;
  readonly #running = new Map<number, Running>();
  #lastRun: number;
  #isHurried = false;

  constructor(ports: CommandPorts, belongings: Belongings) {
    this.#ports = ports;
    this.#belongings = belongings;
    this.#lastRun = ports.output.lastCommandRun();
  }

  /** Starts the command; `done` is called later, never from within, and not at all if it could not be started. */
  run(request: CommandRequest, done: CommandDone): CommandStart {
    const run = ++this.#lastRun;
    const { output } = this.#ports;
    const toLog: Sink = {
      pipe: (service) => output.pipe({ run, service, stream: "stdout" }),
      discard: (read) => output.discard(read),
      take(child) {
        output.open({ run, ...child, stderr: -1 });
        return () => output.drain(run);
      },
    };
    return this.#startOf(this.#start(request, toLog, done));
  }

  /** The same, but the last `most` bytes of its output are kept instead of logged. */
  capture(request: CommandRequest, most: number, done: CaptureDone): CommandStart {
    let output = "";
    const keep: Sink = {
      pipe: () => this.#ports.spawning.pipe(),
      discard: (read) => this.#ports.processes.closeFd(read),
      take: ({ stdout }) => {
        const captured = new CapturedOutput(stdout, most, this.#ports);
        return () => (output = captured.finish());
      },
    };
    return this.#startOf(this.#start(request, keep, (failure) => done(failure, output)));
  }

  /** true while no command is at work. */
  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** The service on whose behalf this command is at work; null: it is no such. */
  serviceOf(pid: number): string | null {
    return this.#running.get(pid)?.service ?? null;
  }

  /** Kills the commands of a service that has come to rest: nothing of it is left then, but what it was told to do about it. */
  killOf(service: string): void {
    for (const [pid, command] of this.#running) {
      if (command.service === service && !command.outlives) this.#kill(pid);
    }
  }

  /** Everything is to be over at once: kills all commands, and gives those that still follow a moment only. */
  killAll(): void {
    this.#isHurried = true;
    for (const pid of this.#running.keys()) this.#kill(pid);
  }

  /** Takes note if the child is a command; false if it is none. Called before the child is reaped. */
  ended(pid: number, exit: Exit): boolean {
    const command = this.#running.get(pid);
    if (command === undefined) return false;
    this.#running.delete(pid);
    command.cancelTimeout();
    // What the command left behind in its group is nobody's: it ends with the command.
    this.#ports.processes.signalGroup(pid, SIGNAL_NUMBERS.SIGKILL);
    if (command.pidfd !== null) this.#ports.processes.closeFd(command.pidfd);
    command.outputOver();
    const failure = command.timedOut
      ? `took longer than ${command.timeout / 1000}s`
      : exit.tag === "code" && exit.code === 0
        ? null
        : exitWordsOf(exit);
    this.#ports.timers.soon(() => this.#finish(command, failure));
    return true;
  }

  /** A process in the middle of an exec does not show whose it is: it is looked at again. */
  #finish(command: Running, failure: string | null): void {
    const { leftovers, done } = command;
    if (leftovers === null || this.#belongings.sweepCommand(leftovers)) done(failure);
    else this.#ports.timers.after(LOOK_AGAIN, () => this.#finish(command, failure));
  }

  #startOf(pid: number | string): CommandStart {
    return typeof pid === "string" ? { tag: "failed", reason: pid } : { tag: "started", kill: () => this.#kill(pid) };
  }

  /** The number of the process, or why there is none. */
  #start(request: CommandRequest, sink: Sink, done: CommandDone): number | string {
    const { definition, command } = request;
    const timeout = this.#isHurried ? millis(Math.min(request.timeout, HURRIED)) : request.timeout;
    const invocation =
      request.invocation ?? this.#belongings.invocationOf(definition.name) ?? this.#ports.newInvocation();
    const extra = {
      ...(request.mainPid === null ? {} : { MAINPID: String(request.mainPid) }),
      ...this.#ports.environmentOf(definition),
      ...request.extra,
    };
    const prepared = prepareRun(
      { definition, command, runtime: "none", invocation, extra, files: this.#ports.files.of(definition) },
      this.#ports.users,
    );
    if (prepared.tag === "unable") return prepared.reason;
    const pipe = sink.pipe(definition.name);
    if (typeof pipe === "string") return `pipe failed: ${pipe}`;

    const { path, argv, env, credentials } = prepared;
    const [stdout, stderr] = [pipe.write, pipe.write];
    const service = definition.name;
    const outcome = this.#ports.spawning.spawn({
      service,
      path,
      argv,
      env,
      definition,
      credentials,
      stdout,
      stderr,
      descriptors: [],
      isMain: false,
      wait: "program",
      invocation,
    });
    this.#ports.processes.closeFd(pipe.write);
    if (outcome.tag === "failed") {
      sink.discard(pipe.read);
      return `${outcome.stage} failed: ${outcome.errno}: ${path}`;
    }
    const { pid, pidfd } = outcome;
    this.#belongings.addHelper(pid);
    const leftovers = this.#belongings.commandBegan({ service, invocation, pid });
    const outputOver = sink.take({ service, pid, stdout: pipe.read });
    const cancelTimeout = this.#ports.timers.after(timeout, () => this.#overrun(pid));
    const rest = { outlives: request.outlives === true, done, timeout, cancelTimeout, outputOver, leftovers };
    this.#running.set(pid, { service, pidfd, ...rest, timedOut: false });
    if (outcome.tag === "pending")
      this.#ports.execs.add(pid, (result) => {
        if (result.tag === "failed") this.#vanished(pid, `${result.stage} failed: ${result.errno}: ${path}`);
      });
    return pid;
  }

  /** It never executed; it is reaped and its pidfd closed already. */
  #vanished(pid: number, failure: string): void {
    const command = this.#running.get(pid);
    if (command === undefined) return;
    this.#running.delete(pid);
    command.cancelTimeout();
    this.#belongings.reaped(pid);
    command.outputOver();
    this.#ports.timers.soon(() => command.done(failure));
  }

  #overrun(pid: number): void {
    const command = this.#running.get(pid);
    if (command === undefined) return;
    command.timedOut = true;
    this.#kill(pid);
  }

  #kill(pid: number): void {
    const command = this.#running.get(pid);
    if (command === undefined) return;
    killTree(pid, this.#ports.processes);
    this.#ports.processes.signalGroup(pid, SIGNAL_NUMBERS.SIGKILL);
    if (command.pidfd !== null) this.#ports.processes.signal(command.pidfd, SIGNAL_NUMBERS.SIGKILL);
  }
}
