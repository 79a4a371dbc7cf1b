/*
 * What becomes of a log's rotated files: how many are kept, and how they are compressed. They are compressed elsewhere, into
 * a file that does not count yet; only here, on the thread that also rotates, does it take the place of the original. So a
 * file is found under whatever name it has by then, and the original goes last, when the name of the other is on the disk: at
 * every moment one of the two is whole, also if the machine crashes.
 */
import type { RotationPolicy } from "../core/log-policy.ts";
import type { CompressionJob, CompressionResult } from "./compression-job.ts";
import type { LogFiles } from "./log-files.ts";
import { removeRotated, rotatedFilesOf, unfinishedNameOf, ENDING_OF, type RotatedFile } from "./rotated-files.ts";

export interface KeeperPorts {
  readonly files: LogFiles;
  /** Has the rotated files compressed, one after the other: `nextJob` is asked for the first one soon. */
  compressSoon(keeper: FileKeeper): void;
  report(message: string, recovered: boolean): void;
}

export class FileKeeper {
  readonly #path: string;
  readonly #ports: KeeperPorts;
  /** So many of the newest files are not compressed: somebody may still write to them. */
  spared = 0;
  #policy: RotationPolicy;
  #isFailing = false;
  /** The job that is being done, as long as its file is there. */
  #job: CompressionJob | null = null;
  /** What has been compressed, and is to be on the disk under its name before the original goes. */
  #unsynced: CompressionJob | null = null;
  /** true: not again before the next rotation. */
  #isResting = false;
  /** When the oldest file is to be removed, in microseconds since 1970. */
  #expiresAt = Number.POSITIVE_INFINITY;

  constructor(path: string, policy: RotationPolicy, ports: KeeperPorts) {
    this.#path = path;
    this.#policy = policy;
    this.#ports = ports;
  }

  /** When there is something to remove for its age, in microseconds since 1970; infinite if never. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** The file was opened, or its policy has changed: looks after what was left, by a crash or by another policy. */
  begin(policy: RotationPolicy, at: number): void {
    this.#policy = policy;
    const { compress, keepSize, keepAge } = policy;
    // The one that is being written at this moment is none that was left.
    if (compress !== null && this.#job === null) this.#removeUnfinished();
    if (compress !== null || keepSize !== null || keepAge !== null) this.rotated(at);
  }

  /** There is a new rotated file, or perhaps one. `at` is now, in microseconds since 1970. */
  rotated(at: number): void {
    this.#isResting = false;
    this.#noteLost();
    if (this.#policy.compress === null || this.#policy.keep === 0) return this.removeExcess(at);
    this.#ports.compressSoon(this);
    // What is about to become smaller is counted when it has.
    this.#removeOld(rotatedFilesOf(this.#path, this.#ports.files), at);
  }

  /**
   * The newest file that is not compressed; null if there is none. The oldest would be the wrong one where they come faster
   * than they can be compressed: it is about to make room.
   */
  nextJob(): CompressionJob | null {
    const { compress: compression } = this.#policy;
    if (this.#unsynced !== null) return (this.#job = this.#unsynced);
    if (compression === null || this.#isResting) return null;
    const files = rotatedFilesOf(this.#path, this.#ports.files);
    const newest = files.find(({ compression, index }) => compression === null && index > this.spared);
    if (newest === undefined) return null;
    const target = unfinishedNameOf(this.#path, compression);
    this.#job = { step: "compress", source: newest.path, identity: newest.look.identity, target, compression };
    return this.#job;
  }

  /** What became of a job. `at` is now, in microseconds since 1970. */
  finish(job: CompressionJob, result: CompressionResult, at: number): void {
    const failure = this.#failureOf(job, result);
    if (job.step === "compress" && (failure !== null || result.tag === "gone"))
      this.#ports.files.removeLogFile(job.target);
    if (failure !== null) this.#isResting = true;
    if (failure !== null && !this.#isFailing)
      this.#ports.report(`cannot compress "${job.source}": ${failure}; it is kept as it is`, false);
    if (failure === null && this.#isFailing && result.tag === "synced")
      this.#ports.report(`the rotated files of "${this.#path}" are compressed again`, true);
    if (failure !== null || result.tag === "synced") this.#isFailing = failure !== null;
    this.#job = null;
    // The original that is about to go is not counted.
    if (this.#unsynced === null) this.removeExcess(at);
  }

  #failureOf(job: CompressionJob, result: CompressionResult): string | null {
    switch (result.tag) {
      case "written":
        return this.#take(job, result.size);
      case "synced":
        return this.#replace(job);
      case "gone":
        return null;
      case "failed":
        this.#unsynced = null;
        return result.reason;
    }
  }

  /** Removes what is too old, and the oldest ones while all together are too large. */
  removeExcess(at: number): void {
    const { files } = this.#ports;
    const { keepSize, keepAge } = this.#policy;
    this.#expiresAt = Number.POSITIVE_INFINITY;
    // To look at all of them takes as long as the rest of a rotation.
    if ((keepSize ?? keepAge) === null) return;
    const kept = this.#removeOld(rotatedFilesOf(this.#path, files), at);
    if (keepSize === null) return;
    let sum = 0;
    const start = kept.findIndex((file) => (sum += file.look.size) > keepSize);
    if (start >= 0) this.#remove(kept.slice(start));
  }

  /** Puts the compressed file in the place of the original; says why it cannot, or null. */
  #take(job: CompressionJob, size: number): string | null {
    const { files } = this.#ports;
    const original = this.#job === null ? undefined : this.#originalOf(job);
    if (original === undefined) {
      // It was removed meanwhile.
      files.removeLogFile(job.target);
      return null;
    }
    if (original.look.size !== size) return "somebody writes to it";
    for (const twin of original.twins) files.removeLogFile(twin);
    const taken = files.renameLogFile(job.target, original.path + ENDING_OF[job.compression]);
    if (taken.tag !== "ok") return taken.tag === "failed" ? taken.reason : "it has vanished";
    this.#unsynced = { ...job, step: "sync" };
    return null;
  }

  /** Removes the original, if the compressed file is still beside it; a rotation removes that one first, and it is made again. */
  #replace(job: CompressionJob): string | null {
    this.#unsynced = null;
    const original = this.#job === null ? undefined : this.#originalOf(job);
    if (original === undefined || original.twins.length === 0) return null;
    const removed = this.#ports.files.removeLogFile(original.path);
    return removed.tag === "failed" ? removed.reason : null;
  }

  /** By the next rotation the number of a file that was removed may be that of a new one: it must not be taken for it. */
  #noteLost(): void {
    if (this.#job !== null && this.#originalOf(this.#job) === undefined) this.#job = null;
  }

  #originalOf(job: CompressionJob): RotatedFile | undefined {
    return rotatedFilesOf(this.#path, this.#ports.files).find(
      (file) => file.compression === null && file.look.identity === job.identity,
    );
  }

  /** Gives what is left, and notes when the next one is due. */
  #removeOld(rotated: readonly RotatedFile[], at: number): readonly RotatedFile[] {
    const { keepAge } = this.#policy;
    this.#expiresAt = Number.POSITIVE_INFINITY;
    if (keepAge === null) return rotated;
    const isOld = ({ look }: RotatedFile): boolean => (look.changedAt + keepAge) * 1000 <= at;
    const start = rotated.findIndex(isOld);
    const kept = start < 0 ? rotated : rotated.slice(0, start);
    const oldest = kept.at(-1);
    if (oldest !== undefined) this.#expiresAt = (oldest.look.changedAt + keepAge) * 1000;
    if (start >= 0) this.#remove(rotated.slice(start));
    return kept;
  }

  /** The oldest first, so that there never is a gap. */
  #remove(rotated: readonly RotatedFile[]): void {
    for (const file of rotated.toReversed()) removeRotated(file, this.#ports.files);
  }

  #removeUnfinished(): void {
    for (const compression of ["zstd", "gzip"] as const) {
      const unfinished = unfinishedNameOf(this.#path, compression);
      if (this.#ports.files.isLogFileThere(unfinished)) this.#ports.files.removeLogFile(unfinished);
    }
  }
}
