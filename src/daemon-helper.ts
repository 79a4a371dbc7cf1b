/*
 * Short-lived children of the supervisor that are no services, and what they say over a pipe. Part of the composition
 * root.
 */
import type { Millis } from "./core/units.ts";
import { type ReadResult, readPipe } from "./os/pipe-io.ts";
import { randomHex } from "./os/random-hex.ts";
import { type ProbeRole, type ReadingRole, roleEnvironment } from "./role.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";
import { placeholderFor } from "./supervisor/placeholder.ts";
import type { OutputPort, ProcessPort, SpawnPort, TimerPort } from "./supervisor/ports.ts";

export interface HelperPorts {
  readonly spawning: SpawnPort;
  readonly processes: ProcessPort;
  readonly output: OutputPort;
  readonly timers: TimerPort;
  /** A child that is no service. */
  started(pid: number): void;
  /** Its exec has not returned; if it fails, the process is reaped and its pidfd closed by whoever finds out. */
  pending(pid: number, failed: () => void): void;
}

export function makeHelperPorts(
  { belongings, execs }: Pick<Supervisor, "belongings" | "execs">,
  ports: Omit<HelperPorts, "started" | "pending">,
): HelperPorts {
  return {
    ...ports,
    started: (pid) => belongings.addHelper(pid),
    pending: (pid, failed) =>
      execs.add(pid, (result) => {
        if (result.tag !== "failed") return;
        belongings.reaped(pid);
        failed();
      }),
  };
}

export interface Helper {
  /** The program, by a path that is right in the child as well. */
  readonly path: string;
  /** What ps shows behind the name. */
  readonly title: string;
  readonly role: ReadingRole | ProbeRole;
  /** Passed to it as descriptor 3; null: none is. */
  readonly passed: number | null;
  /** How long it may take; what is left of it is killed. */
  readonly timeout: Millis;
  /** So many bytes it may say. */
  readonly most: number;
}

/** What it has said on its standard output and error; `cut`: it was killed, as it took too long or said too much. */
export interface HelperSpeech {
  readonly text: string;
  readonly cut: "late" | "long" | null;
}

const CHUNK = 64 * 1024;
const SIGKILL = 9;
const FIRST_PASSED = 3;

/** Runs it until it has closed its output. Never rejects: why it could not be started is said as if it had said so. */
export async function runHelper(helper: Helper, ports: HelperPorts): Promise<HelperSpeech> {
  const { spawning, processes, timers } = ports;
  const pipe = spawning.pipe();
  if (typeof pipe === "string") return { text: `pipe failed: ${pipe}`, cut: null };
  const outcome = spawning.spawn({
    service: "daemonsup",
    path: helper.path,
    argv: ["daemonsup", `(${helper.title})`],
    env: roleEnvironment(helper.role, process.env),
    definition: placeholderFor("daemonsup"),
    credentials: null,
    stdout: pipe.write,
    stderr: pipe.write,
    descriptors: helper.passed === null ? [] : [{ fd: helper.passed, as: FIRST_PASSED }],
    isMain: false,
    wait: "program",
    invocation: randomHex(16),
  });
  processes.closeFd(pipe.write);
  if (outcome.tag === "failed") {
    processes.closeFd(pipe.read);
    return { text: `${outcome.stage} failed: ${outcome.errno}`, cut: null };
  }
  const { pid } = outcome;
  let pidfd = outcome.pidfd;
  ports.started(pid);
  if (outcome.tag === "pending") ports.pending(pid, () => (pidfd = null));
  const collecting = new Collecting(pipe.read, helper.most, ports.output);
  const cancelTimeout = timers.after(helper.timeout, () => collecting.end("late"));
  const speech = await collecting.speech;
  cancelTimeout();
  processes.closeFd(pipe.read);
  if (pidfd !== null) {
    if (speech.cut !== null) processes.signal(pidfd, SIGKILL);
    processes.closeFd(pidfd);
  }
  return speech;
}

/** Everything that comes over a pipe, until its end. */
class Collecting {
  readonly #chunks: Buffer[] = [];
  readonly #buffer = new Uint8Array(CHUNK);
  readonly #fd: number;
  readonly #most: number;
  readonly #output: OutputPort;
  readonly #speech = Promise.withResolvers<HelperSpeech>();
  #length = 0;
  #isOver = false;

  constructor(fd: number, most: number, output: OutputPort) {
    this.#fd = fd;
    this.#most = most;
    this.#output = output;
    output.watch(fd, () => this.#read());
  }

  get speech(): Promise<HelperSpeech> {
    return this.#speech.promise;
  }

  end(cut: HelperSpeech["cut"]): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#output.unwatch(this.#fd);
    this.#speech.resolve({ text: Buffer.concat(this.#chunks).toString(), cut });
  }

  #read(): void {
    while (!this.#isOver) {
      const result: ReadResult = readPipe(this.#fd, this.#buffer, { offset: 0, most: CHUNK });
      if (result.tag === "empty") return this.#output.watch(this.#fd, () => this.#read());
      if (result.tag !== "read") return this.end(null);
      this.#chunks.push(Buffer.from(this.#buffer.subarray(0, result.count)));
      this.#length += result.count;
      if (this.#length > this.#most) this.end("long");
    }
  }
}
