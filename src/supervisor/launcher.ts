/*
 * Starts main processes: prepares, opens the pipes for the output, notes the intent, spawns, and tells everybody who has
 * to know of the new process. One pipe a run and stream, so that what a process writes late is still attributed to it.
 */
import type { Definition } from "../core/definition.ts";
import type { Fleet } from "../core/fleet.ts";
import type { DirectBeginning } from "../core/direct-output.ts";
import type { ServiceEvent } from "../core/service-event.ts";
import type { Belongings } from "./belongings.ts";
import type { Companions } from "./companions.ts";
import type { PendingExecs } from "./pending-execs.ts";
import type {
  ExecWait,
  MemoryPort,
  OutputPort,
  PendingOutcome,
  ProcessPort,
  Report,
  SpawnOutcome,
  SpawnPort,
} from "./ports.ts";
import { type UserPort, prepareRun } from "./prepare-run.ts";
import { DIRECT_BEGINNING, type DirectRun, savedBeginningOf } from "./direct-beginnings.ts";
import type { RunFiles } from "./run-files.ts";

export interface LauncherPorts {
  readonly spawning: SpawnPort;
  readonly processes: ProcessPort;
  readonly memory: MemoryPort;
  readonly output: OutputPort;
  readonly users: UserPort;
  readonly files: Pick<RunFiles, "of" | "takeEnds">;
  readonly execs: PendingExecs;
  readonly companions: Pick<Companions, "equip" | "began">;
  readonly report: Report;
  newInvocation(): string;
  waitFor(service: string): ExecWait;
  fleet(): Pick<Fleet, "annotateNext">;
  /** The outcome of a pending exec, for the service whose process it is. */
  decided(service: string, event: ServiceEvent): void;
}

/** So many descriptors are kept from services: for clients, logs, and threads that are only just beginning. */
const LEFT_TO_OTHERS = 8;

type LaunchEvent = Extract<ServiceEvent, { tag: "spawned" | "exec-pending" | "spawn-failed" }>;

interface Ends {
  readonly read: number;
  readonly write: number;
}

interface Pipes {
  readonly stdout: Ends;
  readonly stderr: Ends;
  /** Where the files ended that they are. */
  readonly began: readonly DirectBeginning[];
}

export class Launcher {
  readonly #ports: LauncherPorts;
  readonly #belongings: Belongings;
  #lastRun: number;
  readonly #runOf = new Map<string, number>();
  /** Services of whose latest run it is written down where it begins. */
  readonly #direct = new Set<string>();

  constructor(ports: LauncherPorts, belongings: Belongings) {
    this.#ports = ports;
    this.#belongings = belongings;
    this.#lastRun = Math.max(0, ...ports.output.adopted().map(({ run }) => run));
  }

  /** Starts the service's main process; the event says how that went. */
  launch(definition: Definition): LaunchEvent {
    const invocation = this.#ports.newInvocation();
    const event = this.#launch(definition, invocation);
    this.#ports.companions.began(definition, event.tag === "spawn-failed" ? null : event.pid);
    return event;
  }

  #launch(definition: Definition, invocation: string): LaunchEvent {
    const { command, runtime } = definition;
    const equipment = this.#ports.companions.equip(definition, invocation);
    if (typeof equipment === "string") return { tag: "spawn-failed", reason: equipment };
    const { env: extra, descriptors } = equipment;
    const prepared = prepareRun(
      { definition, command, runtime, invocation, extra, files: this.#ports.files.of(definition) },
      this.#ports.users,
    );
    if (prepared.tag === "unable") return { tag: "spawn-failed", reason: prepared.reason };
    const run = ++this.#lastRun;
    const pipes = this.#openPipes(definition, run);
    if (typeof pipes === "string") return { tag: "spawn-failed", reason: `pipe failed: ${pipes}` };

    this.#ports.memory.intend(definition.name, invocation);
    const { path, argv, env, credentials } = prepared;
    const [stdout, stderr] = [pipes.stdout.write, pipes.stderr.write];
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
      descriptors,
      isMain: true,
      invocation,
      wait: this.#ports.waitFor(service),
    });
    this.#close(stdout, stderr);
    return this.#begin(definition, invocation, {
      run,
      outcome,
      program: path,
      stdout: pipes.stdout.read,
      stderr: pipes.stderr.read,
      began: pipes.began,
    });
  }

  /** The number of the service's latest run, under which its output is read. */
  runOf(service: string): number | null {
    return this.#runOf.get(service) ?? null;
  }

  /** This is the latest run of the service that a predecessor began, unless there is a later one. */
  adopted(service: string, run: number): void {
    this.#lastRun = Math.max(this.#lastRun, run);
    this.#runOf.set(service, Math.max(this.#runOf.get(service) ?? 0, run));
  }

  /** The output of this run is behind these places in files. */
  goesOn(service: string, { run, began }: DirectRun): void {
    this.#direct.add(service);
    if (began.length > 0) this.#ports.output.open({ run, service, pid: 0, stdout: -1, stderr: -1, began });
  }

  forget(service: string): void {
    this.#runOf.delete(service);
    this.#direct.delete(service);
  }

  #begin(
    definition: Definition,
    invocation: string,
    spawned: {
      readonly run: number;
      readonly outcome: SpawnOutcome;
      readonly program: string;
      readonly stdout: number;
      readonly stderr: number;
      readonly began: Pipes["began"];
    },
  ): LaunchEvent {
    const { run, outcome, stdout, stderr } = spawned;
    const service = definition.name;
    if (outcome.tag === "failed") {
      if (stdout >= 0) this.#ports.output.discard(stdout);
      if (stderr >= 0) this.#ports.output.discard(stderr);
      this.#ports.memory.exited(service, null);
      return { tag: "spawn-failed", reason: failureOf(outcome, definition, spawned.program) };
    }
    const { pid, pidfd } = outcome;
    this.#belongings.began({ service, invocation, pid, pidfd });
    this.#runOf.set(service, run);
    this.#noteBeginning(service, { run, began: spawned.began });
    this.#ports.output.open({ run, service, pid, stdout, stderr, began: spawned.began });
    if (outcome.tag === "spawned") return { tag: "spawned", pid };
    this.#ports.execs.add(pid, (result) => this.#decide(pid, { definition, program: spawned.program }, result));
    return { tag: "exec-pending", pid };
  }

  #noteBeginning(service: string, of: DirectRun): void {
    const isDirect = of.began.length > 0;
    if (isDirect || this.#direct.delete(service))
      this.#ports.fleet().annotateNext(service, DIRECT_BEGINNING, isDirect ? savedBeginningOf(of) : null);
    if (isDirect) this.#direct.add(service);
  }

  /**
   * Where both streams have one pipe, they have one end for writing, and there is none for reading the second (-1). Of files that
   * the service writes itself there is none for reading; where they cannot be opened, its lines are written for it.
   */
  #openPipes({ name: service, log: { isJoined } }: Definition, run: number): Pipes | string {
    const { output, processes, files, report } = this.#ports;
    const ends = files.takeEnds(service);
    if (ends?.tag === "open")
      return {
        stdout: { read: -1, write: ends.stdout },
        stderr: { read: -1, write: ends.stderr },
        began: ends.began,
      };
    if (ends !== null)
      report("warning", `${service}: ${ends.reason}; what it writes is taken from it until it restarts`);
    const stdout = output.pipe({ run, service, stream: "stdout" }, isJoined ? LEFT_TO_OTHERS : 0);
    if (typeof stdout === "string") return stdout;
    if (isJoined) return { stdout, stderr: { read: -1, write: stdout.write }, began: [] };
    const stderr = output.pipe({ run, service, stream: "stderr" }, LEFT_TO_OTHERS);
    if (typeof stderr !== "string") return { stdout, stderr, began: [] };
    output.discard(stdout.read);
    processes.closeFd(stdout.write);
    return stderr;
  }

  #close(one: number, other: number): void {
    this.#ports.processes.closeFd(one);
    if (other >= 0 && other !== one) this.#ports.processes.closeFd(other);
  }

  /** What became of an exec that was pending. */
  #decide(
    pid: number,
    what: { readonly definition: Definition; readonly program: string },
    result: PendingOutcome["result"],
  ): void {
    const service = what.definition.name;
    if (this.#belongings.serviceOfMain(pid) !== service) return;
    if (result.tag === "spawned") return this.#ports.decided(service, { tag: "spawned", pid });
    this.#belongings.vanished(service);
    this.#ports.memory.exited(service, null);
    const run = this.runOf(service);
    if (run !== null) this.#ports.output.drain(run);
    this.#ports.decided(service, { tag: "spawn-failed", reason: failureOf(result, what.definition, what.program) });
  }
}

/** "exec failed: ENOENT: /usr/bin/wbe" */
function failureOf(
  outcome: { readonly stage: string; readonly errno: string },
  definition: Definition,
  program: string,
): string {
  const object: Readonly<Record<string, string>> = {
    exec: program,
    chdir: definition.directory,
    uid: definition.user ?? "",
    gid: definition.group ?? "",
  };
  const named = object[outcome.stage] ?? "";
  return `${outcome.stage} failed: ${outcome.errno}${named === "" ? "" : `: ${named}`}`;
}
