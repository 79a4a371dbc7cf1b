/*
 * A small file that is written anew as a whole: first a draft beside it, which others may look at, then the draft takes its
 * place by a rename, so that a death at any instant leaves the old or the new one.
 */
import { promises, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { errorCodeOf } from "./error-code.ts";

export function draftOf(path: string): string {
  return `${path}.new`;
}

/** Mode 0600. null if it is written and on the disk, otherwise why not, as a whole sentence. Never rejects. */
export async function writeDraft(path: string, text: string): Promise<string | null> {
  const draft = draftOf(path);
  try {
    // Whatever it is that lies there, it is not written through.
    await promises.rm(draft, { force: true });
    await using file = await promises.open(draft, "wx", 0o600);
    await file.writeFile(text);
    // After a loss of power a name without contents would be worse than the old file; and the disk may take its time.
    await file.sync();
    return null;
  } catch (error) {
    return `cannot write "${draft}": ${errorCodeOf(error)}`;
  }
}

/**
 * Writes the file anew, by way of a draft. Mode 0600. null if it is on the disk, its name included, otherwise why not, as a
 * whole sentence. Never rejects.
 */
export async function replaceFile(path: string, text: string): Promise<string | null> {
  return (await writeDraft(path, text)) ?? acceptDraft(path) ?? (await flush(path, dirname(path)));
}

/** Has the disk take what lies there under that name. null if that was possible, otherwise why not, as a whole sentence. Never rejects. */
export async function flushFile(path: string): Promise<string | null> {
  return (await flush(path, path)) ?? (await flush(path, dirname(path)));
}

async function flush(path: string, part: string): Promise<string | null> {
  try {
    await using file = await promises.open(part, "r");
    await file.sync();
    return null;
  } catch (error) {
    return `cannot write "${path}": ${errorCodeOf(error)}`;
  }
}

/** The draft is the file from now on. null if that was possible, otherwise why not, as a whole sentence. */
export function acceptDraft(path: string): string | null {
  try {
    renameSync(draftOf(path), path);
    return null;
  } catch (error) {
    return `cannot write "${path}": ${errorCodeOf(error)}`;
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
