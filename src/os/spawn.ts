import { closeSync, openSync } from "node:fs";
import { errnoNameOf } from "./errno-names.ts";
import { NativeBlock } from "./native-block.ts";
import { type Native, loadNative } from "./native.ts";
import { OomScore } from "./oom-score.ts";
import { readDescriptorLimit } from "./descriptor-limit.ts";
import { lowerOomShield } from "./oom-shield.ts";
import { holdNumbers } from "./reserve-numbers.ts";
import type { SpawnRequest, SpawnStage } from "./spawn-request.ts";

/**
 * - spawned: the child has executed its program, or was killed by somebody before it could: then its end follows as usual.
 * - failed: there is no child; it was reaped here and its pidfd closed. `errno` is a name such as "ENOENT".
 * - pending: the child has not executed yet, because it is stopped or its file system does not answer. `poll` tells later.
 * A pidfd in a result is the caller's to close; that of a pending child not before `poll` has told its outcome.
 */
export type SpawnResult =
  | { readonly tag: "spawned"; readonly pid: number; readonly pidfd: number }
  | { readonly tag: "failed"; readonly stage: SpawnStage; readonly errno: string }
  | { readonly tag: "pending"; readonly pid: number; readonly pidfd: number };

/** What has become of a pending child. After "failed" its pidfd is closed already. */
export type PendingOutcome =
  | { readonly tag: "spawned"; readonly pid: number }
  | { readonly tag: "failed"; readonly pid: number; readonly stage: SpawnStage; readonly errno: string };

/** Answers of `settle`. */
const PENDING = 0;
const FAILED = 2;

const INHERITED = { tag: "inherited" } as const;

/** Blocks that are kept for later; each is some tens of kilobytes. */
const MOST_SPARE = 32;

/** As in native-spawn.c. */
const FIRST_STAGED = 16;
const MOST_STAGED = 32;
const A_SHARE = 64;

interface PendingChild {
  readonly block: NativeBlock;
  /** The oom score that it is still to be given; null: it has inherited the right one. */
  readonly score: number | null;
}

// Memory that children may still be running on. Here and not in a Spawner, because it must outlive that.
const borrowed = new Set<NativeBlock>();

/**
 * Starts processes, from the main thread only.
 *
 * A failed child is reaped before `spawn` or `poll` returns, so that no exit of it is seen elsewhere; should it take longer
 * than 100 ms to vanish, its end appears among the exits under a number that nobody knows, and is to be ignored. Call
 * `poll` before each round of reaping while something is pending: the end of a pending child that failed is told by
 * `poll` alone.
 */
export class Spawner {
  #native: Native | null = null;
  readonly #nothing = openSync("/dev/null", "r");
  /** Until `prepare` takes them, which is too late for the low ones where clients are answered before. */
  readonly #letGoOfNumbers = holdNumbers(this.#nothing, FIRST_STAGED, mostStaged());
  readonly #oomScore = new OomScore();
  readonly #pending = new Map<number, PendingChild>();
  /** Outcomes that were found before somebody asked for them. */
  #decided: PendingOutcome[] = [];
  /** Blocks that no child is on. */
  readonly #spare = [new NativeBlock()];

  /** Compiles what starts processes, once; 5 to 10 ms. The first spawn does it otherwise. */
  prepare(): Native {
    if (this.#native !== null) return this.#native;
    this.#native = loadNative();
    this.#letGoOfNumbers();
    this.#native.reserve(this.#nothing);
    return this.#native;
  }

  /** How many children have neither executed nor ended. */
  get pendingCount(): number {
    if (this.#pending.size > 0) this.#settlePending(hasLeft);
    return this.#pending.size;
  }

  /** Starts one process and waits for its exec, at most `waitMs` milliseconds (0: not at all). */
  spawn(request: SpawnRequest, waitMs: number): SpawnResult {
    lowerOomShield();
    const answer = request.oomScoreAdjust === null ? INHERITED : this.#oomScore.probe(request.oomScoreAdjust);
    if (answer.tag === "refused") return { tag: "failed", stage: "oom_score_adjust", errno: errnoNameOf(answer.errno) };
    const score = answer.tag === "to-give" ? request.oomScoreAdjust : null;
    if (this.#spare.length === 0) this.#settleOldest();
    const block = this.#spare.pop() ?? new NativeBlock();
    const result = this.#spawnOn(block, request, { waitMs, score });
    if (result.tag !== "pending") this.#spare.push(block);
    return result;
  }

  #spawnOn(block: NativeBlock, request: SpawnRequest, given: { waitMs: number; score: number | null }): SpawnResult {
    const { waitMs, score } = given;
    if (!block.encodeSpawn(request, this.#nothing)) return { tag: "failed", stage: "exec", errno: "E2BIG" };
    const pid = this.prepare().spawn(block.address, block.stackTop, waitMs);
    if (pid === 0) return failureOf(block);
    const pidfd = block.pidfd;
    switch (block.isRunning ? PENDING : this.prepare().settle(block.address)) {
      case PENDING:
        this.#remember(pid, { block, score });
        return { tag: "pending", pid, pidfd };
      case FAILED:
        return failureOf(block);
      default:
        return this.#giveScore(pid, pidfd, score) ?? { tag: "spawned", pid, pidfd };
    }
  }

  /** Where many are pending, those that began first are also decided first: no use in asking all of the others. */
  #settleOldest(): void {
    for (const [pid, child] of this.#pending) if (!hasLeft(child.block) || !this.#settle(pid, child)) return;
  }

  /** The outcomes of pending children that have been decided since the last call; cheap while there are none pending. */
  poll(): readonly PendingOutcome[] {
    this.#settlePending();
    const outcomes = this.#decided;
    this.#decided = [];
    return outcomes;
  }

  /** One that still runs may have ended all the same; to ask costs a system call for each. */
  #settlePending(mayBeSettled: (block: NativeBlock) => boolean = () => true): void {
    for (const [pid, child] of this.#pending) if (mayBeSettled(child.block)) this.#settle(pid, child);
  }

  /** false: it is pending still. */
  #settle(pid: number, { block, score }: PendingChild): boolean {
    const answer = this.prepare().settle(block.address);
    if (answer === PENDING) return false;
    this.#pending.delete(pid);
    borrowed.delete(block);
    const failure = answer === FAILED ? failureOf(block) : this.#giveScore(pid, block.pidfd, score);
    this.#decided.push(failure === null ? { tag: "spawned", pid } : { ...failure, pid });
    if (this.#spare.length < MOST_SPARE) this.#spare.push(block);
    return true;
  }

  /** Children go on, also those that are pending. */
  [Symbol.dispose](): void {
    this.#letGoOfNumbers();
    closeSync(this.#nothing);
    this.#oomScore[Symbol.dispose]();
  }

  #remember(pid: number, child: PendingChild): void {
    this.#pending.set(pid, child);
    borrowed.add(child.block);
  }

  /** null if the child has its score; else the child has been ended. */
  #giveScore(pid: number, pidfd: number, score: number | null): Failure | null {
    const errno = score === null ? 0 : this.#oomScore.give(pid, score);
    if (errno === 0) return null;
    this.prepare().discard(pidfd);
    return { tag: "failed", stage: "oom_score_adjust", errno: errnoNameOf(errno) };
  }
}

function mostStaged(): number {
  return Math.min(MOST_STAGED, Math.floor(readDescriptorLimit() / A_SHARE));
}

function hasLeft(block: NativeBlock): boolean {
  return !block.isRunning;
}

type Failure = Extract<SpawnResult, { readonly tag: "failed" }>;

function failureOf(block: NativeBlock): Failure {
  return { tag: "failed", stage: block.spawnStage, errno: errnoNameOf(block.errno) };
}
