/*
 * A log file that a service writes itself. Nobody is told of its lines, so its size has to be looked at: again soon while it
 * grows, and while it does not, not before the kernel tells that it is written to. Where the service can be told to open its log
 * anew, a full file is moved away as any other, and it goes on writing to that until it has heard; otherwise the file is copied and
 * emptied.
 */
import type { RotationPolicy } from "../core/log-policy.ts";
import type { DirectLogFiles } from "./direct-files.ts";
import { FileFollower } from "./file-follower.ts";
import { FileKeeper, type KeeperPorts } from "./file-keeper.ts";
import type { Report } from "./file-sink.ts";
import type { Block } from "./line-framer.ts";
import type { LogFiles } from "./log-files.ts";
import type { FileMark } from "./plane-messages.ts";
import { copyOut, rotateFiles } from "./rotation.ts";
import { rotatedFileOf } from "./rotated-files.ts";
import type { WriteWatches } from "./write-watches.ts";

export interface DirectLogPorts extends Pick<KeeperPorts, "compressSoon"> {
  /** Nothing of these files is in the journal: whoever cut them back would cut off what the service has written. */
  readonly files: LogFiles;
  readonly direct: DirectLogFiles;
  readonly writes: Pick<WriteWatches, "watch">;
  readonly report: Report;
  /** Microseconds since 1970. */
  now(): number;
  /** Lets `tick` be called once it is `at`, in microseconds since 1970, or soon after. */
  wakeAt(at: number): void;
  /** The file is to be moved away: has `rotate` called if the service can be told of it now. */
  askRotation(): void;
  /** A line that is being followed. */
  follow(block: Block): void;
}

export interface DirectLimits {
  readonly limits: RotationPolicy;
  /** true: it is moved away, and the service is told. */
  readonly isMoved: boolean;
}

/** How soon a file that grows is looked at again, at most and at least, in microseconds. */
const LONGEST_LOOK = 2_000_000;
const SHORTEST_LOOK = 20_000;

export class DirectLog {
  readonly path: string;
  readonly #ports: DirectLogPorts;
  readonly #keeper: FileKeeper;
  #limits: DirectLimits;
  #file: { readonly fd: number; readonly identity: string } | null = null;
  /** In bytes, at the last look, and when that was. */
  #size = 0;
  #lookedAt = 0;
  /** When the first line was written, as far as is known; null: there is none. */
  #beganAt: number | null = null;
  /** When to look again; infinite: when it is written to. */
  #lookAt = Number.POSITIVE_INFINITY;
  #unwatch: (() => void) | null = null;
  #isFollowed = false;
  /** Of the open file. */
  #follower: FileFollower | null = null;
  /** What was moved away and may still be written to, as long as somebody follows. */
  #left: FileFollower | null = null;
  #isFailing = false;

  constructor(path: string, limits: DirectLimits, ports: DirectLogPorts) {
    this.path = path;
    this.#limits = limits;
    this.#ports = ports;
    this.#keeper = new FileKeeper(path, limits.limits, ports);
  }

  /** What holds from now on, also of a file that is there by now. */
  adjust(limits: DirectLimits): void {
    this.#limits = limits;
    // What was moved away last may still be written to.
    this.#keeper.spared = limits.isMoved ? 1 : 0;
    this.#keeper.begin(limits.limits, this.#ports.now());
    this.look();
  }

  /** Goes on with what has its name now; true: that is another file than before, as somebody has renamed the other. */
  renew(): boolean {
    const before = this.#file;
    const isOther = before !== null && this.#ports.files.lookAtLogFile(this.path)?.identity !== before.identity;
    if (isOther) {
      if (!this.#ports.files.isLogFileThere(this.path)) this.#make(before.fd);
      this.#release();
    }
    this.look();
    return isOther;
  }

  /** Does what is due, and sees to it that this is called again in time. */
  tick(): void {
    const now = this.#ports.now();
    if (now >= this.#keeper.expiresAt) this.#keeper.removeExcess(now);
    if (now >= this.#lookAt) return this.look();
    this.#wakeLater();
  }

  /** Looks at the file, has it rotated if it is full or old, and settles when to look again. */
  look(): void {
    this.#lookAt = Number.POSITIVE_INFINITY;
    const now = this.#ports.now();
    const before = this.#size;
    if (!this.#measure(now)) return this.#wakeLater();
    if (this.#isDue(now)) {
      if (this.#limits.isMoved) this.#ports.askRotation();
      else this.#copyOut(now);
      this.#lookAt = now + LONGEST_LOOK;
    } else if (this.#size !== before) {
      this.#lookAt = now + this.#patience(this.#size - before, now);
    } else if (!this.#watch()) {
      this.#lookAt = now + LONGEST_LOOK;
    }
    this.#lookedAt = now;
    this.#lookAt = Math.min(this.#lookAt, this.#endsAt > now ? this.#endsAt : Number.POSITIVE_INFINITY);
    this.#wakeLater();
  }

  /** Moves the file away if it is due for that still; true: the service is to be told. */
  rotate(): boolean {
    const now = this.#ports.now();
    const file = this.#file;
    if (!this.#limits.isMoved || file === null || !this.#measure(now) || !this.#isDue(now)) return false;
    const moved = rotateFiles(this.path, this.#limits.limits.keep, this.#ports.files);
    if (!this.#isRotated(moved)) return false;
    this.#make(file.fd);
    this.#release();
    this.#keeper.rotated(now);
    this.look();
    return true;
  }

  /** Begins or ends telling of each line. */
  set isFollowed(isFollowed: boolean) {
    if (isFollowed === this.#isFollowed) return;
    if (isFollowed && this.#measure(this.#ports.now())) {
      this.#beginFollowing(this.#size);
      this.#watch();
    }
    this.#isFollowed = isFollowed;
    if (isFollowed) return;
    this.#endLeft();
    this.#follower = null;
  }

  /** Tells of what has been written, if it is followed. */
  catchUp(): void {
    for (const follower of [this.#left, this.#follower]) {
      if (follower === null) continue;
      const { size = 0 } = this.#ports.files.logFileStatus(follower.fd) ?? {};
      follower.read(size, (block) => this.#ports.follow(block));
    }
  }

  /** The place up to which its lines count as written, and have been told of if it is followed; null: there is no file. */
  mark(): FileMark | null {
    const { path } = this;
    if (this.#follower !== null && this.#file !== null)
      return { path, identity: this.#file.identity, size: this.#follower.position };
    const look = this.#ports.files.lookAtLogFile(path);
    return look === null ? null : { path, identity: look.identity, size: look.size };
  }

  close(): void {
    this.isFollowed = false;
    this.#release();
    this.#lookAt = Number.POSITIVE_INFINITY;
  }

  /** What became of it since the last look; false: there is no such file. */
  #measure(now: number): boolean {
    if (this.#file === null) {
      this.#file = this.#open();
      // It has come since, so all of it is new.
      if (this.#isFollowed) this.#beginFollowing(0);
    }
    const status = this.#file === null ? null : this.#ports.files.logFileStatus(this.#file.fd);
    if (status === null) return false;
    // Somebody has emptied it.
    if (status.size < this.#size || status.size === 0) this.#beganAt = null;
    if (status.size > 0) this.#beganAt ??= now;
    this.#size = status.size;
    return true;
  }

  #open(): { readonly fd: number; readonly identity: string } | null {
    const { files, direct } = this.#ports;
    const fd = direct.openLogForReading(this.path);
    if (fd === null) return null;
    const identity = files.identityOfLogFile(fd) ?? "";
    this.#size = files.logFileStatus(fd)?.size ?? 0;
    // A copy is as old as the moment in which the file was emptied; of one that was moved away, the new file is younger.
    const bornAt = files.lookAtLogFile(this.path)?.bornAt ?? 0;
    const emptiedAt = rotatedFileOf(this.path, 1, files)?.look.bornAt ?? 0;
    this.#beganAt = this.#size > 0 && bornAt > 0 ? Math.max(bornAt, emptiedAt) * 1000 : null;
    return { fd, identity };
  }

  get #endsAt(): number {
    const { maxAge } = this.#limits.limits;
    return maxAge === null || this.#beganAt === null ? Number.POSITIVE_INFINITY : this.#beganAt + maxAge * 1000;
  }

  #isDue(now: number): boolean {
    return this.#size > 0 && (this.#size >= this.#limits.limits.maxSize || now >= this.#endsAt);
  }

  /** Half of the time in which it will be full if it grows on like this, within limits; in microseconds. */
  #patience(grown: number, now: number): number {
    const room = this.#limits.limits.maxSize - this.#size;
    const until = grown <= 0 ? LONGEST_LOOK : ((now - this.#lookedAt) * room) / grown / 2;
    return Math.max(SHORTEST_LOOK, Math.min(LONGEST_LOOK, until));
  }

  /** Has the kernel tell when it is written to; false: it cannot, or the file has grown meanwhile. */
  #watch(): boolean {
    const file = this.#file;
    if (file === null || this.#unwatch !== null) return file !== null;
    this.#unwatch = this.#ports.writes.watch(file.fd, () => this.#written());
    return this.#unwatch !== null && this.#ports.files.logFileStatus(file.fd)?.size === this.#size;
  }

  #written(): void {
    const now = this.#ports.now();
    if (this.#follower === null) this.#stopWatching();
    else this.catchUp();
    // From now on it grows, and how fast is to be seen soon.
    if (this.#lookAt > now + LONGEST_LOOK) this.#lookedAt = now;
    this.#lookAt = Math.min(this.#lookAt, this.#lookedAt + SHORTEST_LOOK);
    this.#wakeLater();
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = null;
  }

  #copyOut(now: number): void {
    const { files, direct } = this.#ports;
    // What is followed is told of before it is gone.
    this.catchUp();
    if (!this.#isRotated(copyOut(this.path, this.#limits.limits.keep, { ...files, ...direct }))) return;
    this.#size = 0;
    this.#beganAt = null;
    this.#keeper.rotated(now);
  }

  #isRotated(result: ReturnType<typeof rotateFiles>): boolean {
    const isDone = result.tag === "ok";
    if (result.tag === "failed" && !this.#isFailing)
      this.#ports.report(`cannot rotate "${this.path}": ${result.reason}; it grows on`, false);
    if (isDone && this.#isFailing) this.#ports.report(`"${this.path}" is rotated again`, true);
    if (result.tag !== "missing") this.#isFailing = !isDone;
    return isDone;
  }

  /** An empty file like the one that was moved away: the service may not be allowed to make one. */
  #make(model: number): void {
    const made = this.#ports.direct.makeLogLike(this.path, model);
    if (made.tag === "failed") this.#ports.report(`cannot make "${this.path}": ${made.reason}`, false);
  }

  /** Lets go of the open file. While it is followed, what is still written to it is told of until it is followed by another. */
  #release(): void {
    this.#stopWatching();
    const file = this.#file;
    this.#file = null;
    this.#size = 0;
    this.#beganAt = null;
    if (file === null) return;
    const follower = this.#follower;
    if (follower === null) return this.#ports.files.closeLogFile(file.fd);
    this.catchUp();
    this.#endLeft();
    this.#left = follower;
    this.#follower = null;
    if (this.#measure(this.#ports.now())) this.#watch();
  }

  #beginFollowing(position: number): void {
    if (this.#file !== null) this.#follower = new FileFollower(this.#file.fd, position, this.#ports.direct);
  }

  #endLeft(): void {
    if (this.#left === null) return;
    this.#left.end((block) => this.#ports.follow(block));
    this.#ports.files.closeLogFile(this.#left.fd);
    this.#left = null;
  }

  #wakeLater(): void {
    const at = Math.min(this.#lookAt, this.#keeper.expiresAt);
    if (at !== Number.POSITIVE_INFINITY) this.#ports.wakeAt(at);
  }
}
