import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EVERY_LINE,
  LOG_STREAMS,
  SINGLE_LINES,
  type FileSinkPolicy,
  type LogPolicy,
  type SinkPolicy,
  type SyslogFacility,
  type SyslogSinkPolicy,
} from "../../src/core/log-policy.ts";
import { directKernelOf } from "../../src/daemon-direct-logs.ts";
import { planePorts, startPlaneWorker } from "../../src/daemon-plane.ts";
import { compressorThreadOf } from "../../src/log/compressor.ts";
import { Compressors } from "../../src/log/compressors.ts";
import type { LogFiles } from "../../src/log/log-files.ts";
import type { PlanePorts } from "../../src/log/plane.ts";
import { RelayLine } from "../../src/log/relay-line.ts";
import { DataPlane } from "../../src/log/data-plane.ts";
import type { PlaneProblem } from "../../src/log/plane-problem.ts";
import type { PlaneFilesRequest } from "../../src/daemon-plane-files.ts";
import type { OutputPipePorts } from "../../src/log/output-pipes.ts";
import type { DataPlanePorts } from "../../src/log/plane-link.ts";
import type { PlaneThread } from "../../src/log/plane-thread.ts";
import { readCompressedLogEnd } from "../../src/os/compressed-log.ts";
import * as logFile from "../../src/os/log-file.ts";
import { closeDescriptor, openLogPipe, type PipeEnds } from "../../src/os/pipe-io.ts";

const FILE: FileSinkPolicy = {
  type: "file",
  name: "file",
  streams: LOG_STREAMS,
  filter: EVERY_LINE,
  path: null,
  format: "plain",
  stamp: "none",
  maxSize: 10 * 1024 * 1024,
  maxAge: null,
  keep: 5,
  keepSize: null,
  keepAge: null,
  compress: null,
  feed: { tag: "block" },
};

/** A file that takes every line, with what is said here. */
export function fileSink(differing: Partial<FileSinkPolicy> = {}): FileSinkPolicy {
  return { ...FILE, ...differing };
}

export function syslogSink(facility: SyslogFacility): SyslogSinkPolicy {
  return { type: "syslog", name: "syslog", streams: LOG_STREAMS, filter: EVERY_LINE, facility };
}

/** Files as they are. */
export const FILES: LogFiles = { ...logFile, readCompressedLogEnd };

/** What a plane has where nothing happens: files are real, all else is silent. */
export const QUIET_PLANE: Omit<PlanePorts, "pipes"> = {
  held: () => undefined,
  underway: () => undefined,
  files: FILES,
  send: () => "gone",
  sizes: { resizePipe: () => 0, sizeOfPipe: () => 65_536, pipeBudget: 0 },
  copyStamped: null,
  watch: () => ({ tag: "ok" }),
  unwatch: () => undefined,
  relay: new RelayLine("none", () => undefined),
  direct: directKernelOf(FILES, () => undefined),
  now: () => 0,
  monotonic: () => 0,
  isAsked: () => false,
  post: () => undefined,
};

/** For a data plane that is given all its pipes. */
export const NO_PIPES: OutputPipePorts = {
  estate: { hold: () => undefined, release: () => undefined, inherit: () => new Map(), flush: () => undefined },
  openPipe: () => "ENOSYS",
  clear: () => undefined,
  findPipe: () => null,
  later: () => () => undefined,
  dropNames: () => undefined,
  readTable: () => new Uint8Array(0),
  writeTable: () => undefined,
};

/** Workers that do nothing, and a machine that has descriptors for them. */
export const IDLE_WORKERS: DataPlanePorts = {
  startThread: () => ({ post() {}, end() {} }),
  openEpoll: () => 5,
  removeFromEpoll() {},
  openEventfd: () => 6,
  addToEventfd() {},
  openEstate: () => ({ journal: 1, carries: 2 }),
  unsettledPipeOf: () => null,
  unsettledLanes: () => [],
  pipes: NO_PIPES,
  close() {},
  compress: () => Promise.resolve({ tag: "gone" }),
  stamping: 0,
  syslogPath: "/dev/null",
  now: () => 0,
  micros: () => 0,
  laneOf: () => "",
};

/** Everything into one file. */
export const POLICY: LogPolicy = policyOf([FILE]);

/** A policy of these sinks, with nothing else said. */
export function policyOf(sinks: readonly SinkPolicy[], differing: Partial<LogPolicy> = {}): LogPolicy {
  return { sinks, multiline: SINGLE_LINES, isJoined: false, direct: null, ...differing };
}

/** A data plane with the real Worker, real pipes and a directory of its own. */
export class PlaneHarness {
  readonly directory = mkdtempSync(join(tmpdir(), "data-plane-"));
  readonly problems: PlaneProblem[] = [];
  readonly closed = new Set<number>();
  readonly #waiting = new Set<() => void>();
  readonly #compressors = new Compressors((listener) =>
    compressorThreadOf(new Worker(new URL("../../src/compress-worker.ts", import.meta.url), { smol: true }), listener),
  );
  readonly #now: () => number;
  readonly #files: PlaneFilesRequest | null;
  #thread: PlaneThread | null = null;
  readonly plane: DataPlane;

  /**
   * `now`: milliseconds, by which the plane finds out how long a Worker has lived. `files`: where what it keeps outlives this process.
   */
  constructor(now: () => number = () => performance.now(), files: PlaneFilesRequest | null = null) {
    this.#now = now;
    this.#files = files;
    this.plane = new DataPlane(this.#ports(), (problem) => {
      this.problems.push(problem);
      this.#wake();
    });
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  pipe(): PipeEnds {
    const made = openLogPipe();
    if (made.tag === "failed") throw new Error(`no pipe: ${made.errno}`);
    return made.ends;
  }

  /** Ends the Worker as a fault of its own would. */
  killWorker(): void {
    this.#thread?.end();
  }

  /** Waits until `claim` holds; asked again whenever the plane reports a problem or closes a descriptor. */
  async until(claim: () => boolean): Promise<void> {
    while (!claim()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane.close();
    this.#compressors.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #ports(): DataPlanePorts {
    return {
      ...planePorts({
        compressors: this.#compressors,
        syslogPath: this.file("syslog"),
        home: this.directory,
        files: this.#files,
      }),
      startThread: (listener) => {
        this.#thread = startPlaneWorker(listener);
        return this.#thread;
      },
      now: () => this.#now(),
      close: (fd) => {
        closeDescriptor(fd);
        this.closed.add(fd);
        this.#wake();
      },
    };
  }
}

/** Opens a run with a stdout pipe and gives the end to write to. */
export function openRun(harness: PlaneHarness, run: number, service: string): number {
  const pipe = harness.pipe();
  harness.plane.open({ run, service, pid: 1000 + run }, [{ fd: pipe.read, stream: "stdout" }]);
  return pipe.write;
}

/** How often the file is open in this process. */
export function openCountOf(path: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => linkOf(fd) === path).length;
}

function linkOf(fd: string): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return null; // closed since the directory was read
  }
}
