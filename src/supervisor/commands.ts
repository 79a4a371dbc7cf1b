/*
 * Commands that run beside a service and on its behalf: [stop] command, [reload] command, checks. Each runs in the service's
 * surroundings (user, directory, environment, limits), with MAINPID and a time limit. Its output goes into the service's
 * log, or is kept for whoever has asked.
 */
import type { Definition } from "../core/definition.ts";
import { type Exit, exitWordsOf } from "../core/exit.ts";
import { SIGNAL_NUMBERS } from "../core/signal-names.ts";
import { type Millis, later, millis, spanBetween } from "../core/units.ts";
import type { Belongings } from "./belongings.ts";
import { CapturedOutput } from "./captured-output.ts";
import { type CommandKind, type CommandNote, CommandNotes, KIND_VARIABLE, type NotedCommand } from "./command-notes.ts";
import type {
  CaptureDone,
  CommandDone,
  CommandEnd,
  CommandRequest,
  CommandSink,
  CommandStart,
  OutputOver,
} from "./command-request.ts";
import type { Annotate } from "./companion.ts";
import { drainOutput } from "./drain-output.ts";
import { killTree } from "./kill-tree.ts";
import { type FoundCommand, LeftCommands } from "./left-commands.ts";
import type { PendingExecs } from "./pending-execs.ts";
import type { ClockPort, OutputPort, ProcessPort, ProcessRow, SpawnPort, TimerPort } from "./ports.ts";
import { BEFORE_COMMAND_RUNS } from "./ports.ts";
import { type UserPort, prepareRun } from "./prepare-run.ts";
import { type Run, holdProcess } from "./run.ts";
import type { RunFiles } from "./run-files.ts";

export interface CommandPorts {
  readonly spawning: SpawnPort;
  readonly processes: ProcessPort;
  readonly output: OutputPort;
  readonly users: UserPort;
  readonly files: Pick<RunFiles, "of">;
  readonly timers: TimerPort;
  readonly execs: PendingExecs;
  readonly clock: Pick<ClockPort, "now">;
  readonly annotate: Annotate;
  newInvocation(): string;
  /** Variables for every command of this service. */
  environmentOf(definition: Definition): Readonly<Record<string, string>>;
}

interface Running {
  readonly service: string;
  readonly pidfd: number | null;
  readonly done: CommandDone;
  readonly kind: CommandKind;
  readonly note: CommandNote;
  readonly noted: NotedCommand;
  readonly cancelTimeout: () => void;
  /** By which what it leaves behind is known; null: that belongs to the run of the service. */
  readonly leftovers: Run | null;
  readonly outputOver: OutputOver;
  timedOut: boolean;
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
  readonly #notes: CommandNotes;
  /** What a predecessor has begun. */
  readonly left: LeftCommands;

  constructor(ports: CommandPorts, belongings: Belongings) {
    this.#ports = ports;
    this.#belongings = belongings;
    this.#lastRun = Math.max(BEFORE_COMMAND_RUNS, ...ports.output.adoptedCommands().map(({ run }) => run));
    this.#notes = new CommandNotes(ports.annotate);
    this.left = new LeftCommands({
      processes: ports.processes,
      timers: ports.timers,
      output: ports.output,
      isRunning: (pid) => this.#running.has(pid),
      notes: this.#notes,
      goOn: (found, row) => this.#goOn(found, row),
      kill: (pid) => this.#kill(pid),
    });
  }

  /** Starts the command; `done` is called later, never from within, and not at all if it could not be started. */
  run(request: CommandRequest, done: CommandDone): CommandStart {
    const run = ++this.#lastRun;
    const { output, timers } = this.#ports;
    const toLog: CommandSink = {
      pipe: (service) => output.pipe({ run, service, stream: "stdout" }),
      discard: (read) => output.discard(read),
      take(child) {
        output.open({ run, ...child, stderr: -1, began: [] });
        return (then) => drainOutput({ run, definition: request.definition }, { output, timers }, then);
      },
    };
    return this.#startOf(this.#start(request, toLog, done));
  }

  /** The same, but the last `most` bytes of its output are kept instead of logged. */
  capture(request: CommandRequest, most: number, done: CaptureDone): CommandStart {
    let output = "";
    const keep: CommandSink = {
      pipe: () => this.#ports.spawning.pipe(),
      discard: (read) => this.#ports.processes.closeFd(read),
      take: ({ stdout }) => {
        const captured = new CapturedOutput(stdout, most, this.#ports);
        return (then) => {
          output = captured.finish();
          this.#ports.timers.soon(then);
        };
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
      if (command.service === service && !command.note.outlives) this.#kill(pid);
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
    const failure = command.timedOut
      ? `took longer than ${command.note.timeout / 1000}s`
      : exit.tag === "code" && exit.code === 0
        ? null
        : exitWordsOf(exit);
    const isKnown = command.timedOut || exit.tag !== "unknown";
    if (command.kind === "check") command.noted.remove();
    else if (isKnown) command.noted.write({ ...command.note, pid, failure });
    command.outputOver(() => this.#finish(command, { failure, isKnown }));
    return true;
  }

  /** A process in the middle of an exec does not show whose it is: it is looked at again. */
  #finish(command: Running, end: CommandEnd): void {
    const { leftovers } = command;
    if (leftovers === null || this.#belongings.sweepCommand(leftovers)) this.#conclude(command, end);
    else this.#ports.timers.after(LOOK_AGAIN, () => this.#finish(command, end));
  }

  /** What follows from it is written down by now. */
  #conclude({ done, noted }: Running, { failure, isKnown }: CommandEnd): void {
    done(failure, isKnown);
    noted.remove();
  }

  /** It is a child of ours; else only its pidfd tells of its end. */
  #goOn({ service, kind, note, noted, ended }: FoundCommand, row: ProcessRow): void {
    const { processes, output, clock, timers } = this.#ports;
    const { pid } = row;
    const { pidfd } = holdProcess(row, processes);
    this.#belongings.addHelper(pid);
    const leftovers = this.#belongings.commandBegan({ service, invocation: note.invocation, pid });
    const run = output.adoptedCommands().find((adopted) => adopted.pid === pid)?.run;
    const outputOver = (then: () => void): void => {
      if (run !== undefined) output.drain(run);
      timers.soon(then);
    };
    const wait = millis(Math.max(0, spanBetween(clock.now(), note.until)));
    const cancelTimeout = timers.after(wait, () => this.#overrun(pid));
    const rest = { done: ended, kind, note: { ...note, pid }, noted, cancelTimeout, outputOver, leftovers };
    this.#running.set(pid, { service, pidfd, ...rest, timedOut: false });
    if (pidfd === null || processes.parents.includes(row.parent)) return;
    output.watch(pidfd, () => {
      output.unwatch(pidfd);
      this.ended(pid, { tag: "unknown" });
      this.#belongings.reaped(pid);
    });
  }

  #startOf(pid: number | string): CommandStart {
    return typeof pid === "string" ? { tag: "failed", reason: pid } : { tag: "started", kill: () => this.#kill(pid) };
  }

  /** The number of the process, or why there is none. */
  #start(request: CommandRequest, sink: CommandSink, done: CommandDone): number | string {
    const { definition, command, kind } = request;
    const timeout = this.#isHurried ? millis(Math.min(request.timeout, HURRIED)) : request.timeout;
    const invocation =
      request.invocation ?? this.#belongings.invocationOf(definition.name) ?? this.#ports.newInvocation();
    const extra = {
      ...(request.mainPid === null ? {} : { MAINPID: String(request.mainPid) }),
      ...this.#ports.environmentOf(definition),
      ...request.extra,
      [KIND_VARIABLE]: kind,
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
    const { clock, processes, timers } = this.#ports;
    const outlives = request.outlives === true;
    const before = { pid: null, startTicks: null, invocation, timeout, until: later(clock.now(), timeout), outlives };
    const noted = this.#notes.begin(service, kind);
    if (kind !== "check") noted.write(before);
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
      noted.remove();
      return `${outcome.stage} failed: ${outcome.errno}: ${path}`;
    }
    const { pid, pidfd } = outcome;
    this.#belongings.addHelper(pid);
    const leftovers = this.#belongings.commandBegan({ service, invocation, pid });
    const outputOver = sink.take({ service, pid, stdout: pipe.read });
    const cancelTimeout = timers.after(timeout, () => this.#overrun(pid));
    const note = { ...before, pid, startTicks: processes.row(pid)?.startTicks ?? null };
    noted.write(note);
    const rest = { done, kind, note, noted, cancelTimeout, outputOver, leftovers };
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
    command.outputOver(() => this.#conclude(command, { failure, isKnown: true }));
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
