/*
 * A small file that is written anew as a whole: first a draft beside it, which others may look at, then the draft takes its
 * place by a rename, so that a death at any instant leaves the old or the new one.
 */
import { closeSync, fsync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";

export function draftOf(path: string): string {
  return `${path}.new`;
}

/** Mode 0600. null if it is written and on the disk, otherwise why not, as a whole sentence. Never rejects. */
export async function writeDraft(path: string, text: string): Promise<string | null> {
  const draft = draftOf(path);
  try {
    // Whatever it is that lies there, it is not written through.
    rmSync(draft, { force: true });
    const fd = openSync(draft, "wx", 0o600);
    try {
      const bytes = Buffer.from(text);
      if (writeSync(fd, bytes) !== bytes.length) return `cannot write "${draft}": ENOSPC`;
      // After a loss of power a name without contents would be worse than the old file; and the disk may take its time.
      await promisify(fsync)(fd);
    } finally {
      closeSync(fd);
    }
    return null;
  } catch (error) {
    return `cannot write "${draft}": ${codeOf(error)}`;
  }
}

/** The draft is the file from now on. null if that was possible, otherwise why not, as a whole sentence. */
export function acceptDraft(path: string): string | null {
  try {
    renameSync(draftOf(path), path);
    return null;
  } catch (error) {
    return `cannot write "${path}": ${codeOf(error)}`;
  }
}

/** Nothing comes of the draft. Never fails: a draft that stays does no harm. */
export function dropDraft(path: string): void {
  try {
    rmSync(draftOf(path), { force: true });
  } catch {
    // The next one is written over it.
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error);
}
