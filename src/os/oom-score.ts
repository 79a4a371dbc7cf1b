import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";

export type ScoreAnswer =
  { readonly tag: "inherited" } | { readonly tag: "to-give" } | { readonly tag: "refused"; readonly errno: number };

/** For how many milliseconds one's own score is believed to be what it was. */
const FRESH = 1_000;

/**
 * Sets the oom score of children. A child cannot do that for itself before its exec: while it shares its parent's memory
 * the kernel gives the score to every process on that memory, the parent included. So the parent does it, right after the
 * exec; and because it may come a moment too early, it looks whether its own score has changed with it, and repeats.
 */
export class OomScore {
  readonly #own = openSync("/proc/self/oom_score_adj", "r+");
  readonly #buffer = Buffer.alloc(16);
  #lastRead = { score: 0, at: Number.NEGATIVE_INFINITY };

  /** The score that children inherit. */
  read(): number {
    return Number(this.#buffer.toString("latin1", 0, readSync(this.#own, this.#buffer, 0, 16, 0)));
  }

  /** Whether a child can be given this score, asked before the child exists; "inherited" if it will have it anyway, or has to stay with its own. */
  probe(score: number): ScoreAnswer {
    const own = this.#recent();
    if (score === own) return { tag: "inherited" };
    // Only lowering needs a right, and going back to what was needs none.
    const errno = score > own ? 0 : writeScore(this.#own, score);
    // Nobody insists on 0, which is also what a definition has that says nothing.
    if (errno !== 0) return score === 0 ? { tag: "inherited" } : { tag: "refused", errno };
    if (score < own) writeScore(this.#own, own);
    return { tag: "to-give" };
  }

  /** Gives the score to a child that has executed; 0 or the errno. A child that has ended meanwhile is no failure. */
  give(pid: number, score: number): number {
    const own = this.read();
    for (;;) {
      const errno = writeScoreOf(pid, score);
      if (errno !== 0 || this.read() === own) return errno;
      writeScore(this.#own, own);
    }
  }

  // Somebody may change the score of a process that runs (choom(1)), but not before each of a thousand starts.
  #recent(): number {
    const now = performance.now();
    if (now - this.#lastRead.at > FRESH) this.#lastRead = { score: this.read(), at: now };
    return this.#lastRead.score;
  }

  [Symbol.dispose](): void {
    closeSync(this.#own);
  }
}

const OWN = "/proc/self/oom_score_adj";

/** The score of this process, which its children inherit; null if it cannot be told. */
export function readOwnScore(): number | null {
  try {
    return Number(readFileSync(OWN, "latin1"));
  } catch {
    return null;
  }
}

/** Gives this process another score; false if it may not have that. Not while a child shares its memory. */
export function changeOwnScore(score: number): boolean {
  try {
    writeFileSync(OWN, String(score));
    return true;
  } catch {
    return false;
  }
}

function writeScoreOf(pid: number, score: number): number {
  try {
    const fd = openSync(`/proc/${pid}/oom_score_adj`, "r+");
    const errno = writeScore(fd, score);
    closeSync(fd);
    return errno === 0 || hasEnded(pid) ? 0 : errno;
  } catch (error) {
    return hasEnded(pid) ? 0 : errnoOf(error);
  }
}

// The files of a process whose memory is gone belong to root, so that "permission denied" may mean that it has ended.
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/statm`, "latin1").startsWith("0 ");
  } catch {
    return true;
  }
}

function writeScore(fd: number, score: number): number {
  try {
    writeSync(fd, String(score), 0);
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

function errnoOf(error: unknown): number {
  const errno = error instanceof Error && "errno" in error ? Number(error.errno) : Number.NaN;
  if (Number.isNaN(errno)) throw error;
  return Math.abs(errno);
}
