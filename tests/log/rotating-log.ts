import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { RotationPolicy } from "../../src/core/log-policy.ts";
import type { CompressionJob, CompressionResult } from "../../src/log/compression-job.ts";
import { CompressionQueue } from "../../src/log/compression-queue.ts";
import { FileLog } from "../../src/log/file-log.ts";
import { lineFormatOf } from "../../src/log/line-format.ts";
import { OpenFiles } from "../../src/log/open-files.ts";
import { OutBuffer } from "../../src/log/out-buffer.ts";
import { lineTimeOf } from "../../src/log/parse-record.ts";
import { RotationClock } from "../../src/log/rotation-clock.ts";
import { compressFile, syncDirectoryOf } from "../../src/os/compress-file.ts";
import { readCompressedLogEnd } from "../../src/os/compressed-log.ts";
import * as logFile from "../../src/os/log-file.ts";

const files = { ...logFile, readCompressedLogEnd };

/** In memory where that can be had: what counts is what becomes of the files, not how long a disk takes to be sure. */
export const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const POLICY: RotationPolicy = {
  maxSize: 1000,
  maxAge: null,
  keep: 1000,
  keepSize: null,
  keepAge: null,
  compress: null,
};

/** A log on real files, whose rotated ones are compressed when the test says so, on the test's own thread. */
export class RotatingLog {
  readonly directory: string;
  readonly path: string;
  readonly problems: string[] = [];
  readonly clock = new RotationClock();
  /** The job that was begun and is not done yet. */
  job: CompressionJob | null = null;
  /** Now, in microseconds since 1970. */
  at = 0;
  readonly #queue = new CompressionQueue((job) => void (this.job = job));
  #log: FileLog | null = null;

  constructor(directory = mkdtempSync(join(PLACE, "rotating-"))) {
    this.directory = directory;
    this.path = join(directory, "a.log");
  }

  /** Opens it, or adjusts it if it is open. */
  open(policy: Partial<RotationPolicy>, stamp: "none" | "unix" = "none"): FileLog {
    const format = { format: "plain", stamp } as const;
    const place = { path: this.path, limits: { ...POLICY, ...policy }, timeOf: lineTimeOf(format) };
    if (this.#log !== null) {
      this.#log.adjust(place, this.at);
      return this.#log;
    }
    this.#log = new FileLog(place, lineFormatOf(format), {
      files,
      openFiles: new OpenFiles(),
      out: new OutBuffer(),
      report: (message) => void this.problems.push(message),
      compressSoon: (keeper) => this.#queue.add(keeper),
      wakeAt: (at) => this.clock.wakeAt(at),
      held: () => undefined,
      lost: () => undefined,
    });
    return this.#log;
  }

  /** As if the supervisor had been killed: nothing is written out or tidied up. */
  abandon(): void {
    this.#log = null;
  }

  /** Goes on with a line that has not ended. */
  writeOn(text: string): void {
    this.write(text, true);
  }

  write(text: string, continues = false): void {
    const bytes = new TextEncoder().encode(text);
    const block = { bytes, start: 0, end: bytes.length, continues, unfinished: !text.endsWith("\n") };
    this.#log?.write(block, { service: "web", pid: 7, stream: "stdout", at: this.at, pipe: this });
  }

  /** Does the job that was begun; what it gives is put in its place later, and made safe there. */
  startJob(): { finishJob(): void } {
    const result = this.#do();
    return {
      finishJob: () => {
        this.#queue.finish(result, this.at);
        while (this.job?.step === "sync") this.doJob();
      },
    };
  }

  /** Does the job that was begun, and nothing that follows of it. */
  doJob(): void {
    this.#queue.finish(this.#do(), this.at);
  }

  #do(): CompressionResult {
    const { job } = this;
    if (job === null) throw new Error("there is no job");
    this.job = null;
    return job.step === "sync" ? syncDirectoryOf(job.target) : compressFile(job);
  }

  /** Does one job after the other. */
  finishJobs(): void {
    while (this.job !== null) this.startJob().finishJob();
  }

  names(): readonly string[] {
    return readdirSync(this.directory).toSorted((a, b) => numberOf(a) - numberOf(b) || a.localeCompare(b));
  }

  /** All that the files hold together, the oldest first. */
  content(): string {
    return contentOf(this.directory);
  }

  [Symbol.dispose](): void {
    this.#log?.close(this.at);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** All that the files of the log hold together, the oldest first; of a file that is there in both forms the original. */
export function contentOf(directory: string): string {
  return readdirSync(directory)
    .filter((name, _, names) => !name.endsWith(".tmp") && !names.some((other) => isOriginalOf(other, name)))
    .toSorted((a, b) => numberOf(b) - numberOf(a))
    .map((name) => textOf(join(directory, name)))
    .join("");
}

function isOriginalOf(other: string, name: string): boolean {
  return [".zst", ".gz"].some((ending) => name === other + ending);
}

/** What a file holds, compressed or not. */
export function textOf(path: string): string {
  const bytes = readFileSync(path);
  if (path.endsWith(".zst")) return Bun.zstdDecompressSync(bytes).toString();
  if (path.endsWith(".gz")) return gunzipSync(bytes).toString();
  return bytes.toString();
}

function numberOf(name: string): number {
  return Number(/\.log\.(\d+)/.exec(basename(name))?.[1] ?? 0);
}
