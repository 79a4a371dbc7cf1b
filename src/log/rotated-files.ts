import type { Compression } from "../core/log-policy.ts";
import type { FileLook, FileResult, LogFiles } from "./log-files.ts";

type Looking = Pick<LogFiles, "lookAtLogFile">;

/** What a compressed file's name ends with. */
export const ENDING_OF: Readonly<Record<Compression, string>> = { zstd: ".zst", gzip: ".gz" };

const FORMS = [
  { compression: null, ending: "" },
  { compression: "zstd", ending: ENDING_OF.zstd },
  { compression: "gzip", ending: ENDING_OF.gzip },
] as const;

/** One of the older files of a log. */
export interface RotatedFile {
  /** 1 is the newest. */
  readonly index: number;
  readonly path: string;
  /** What it is compressed by, as its name says; null: it is not. */
  readonly compression: Compression | null;
  readonly look: FileLook;
  /**
   * Files that hold the same in another form: a crash came between the compression and the end of the original. What is
   * whole for certain is the original, so that is what counts.
   */
  readonly twins: readonly string[];
}

/** The name of the `index`th older file as long as it is not compressed; 0 is the current one. */
export function rotatedNameOf(path: string, index: number): string {
  return index === 0 ? path : `${path}.${index}`;
}

/** Where a compressed file is written before it is whole. */
export function unfinishedNameOf(path: string, compression: Compression): string {
  return `${path}${ENDING_OF[compression]}.tmp`;
}

/** The `index`th older file, in whichever form; null if there is none. */
export function rotatedFileOf(path: string, index: number, files: Looking): RotatedFile | null {
  const name = rotatedNameOf(path, index);
  const found = FORMS.flatMap(({ compression, ending }) => {
    const look = files.lookAtLogFile(name + ending);
    return look === null ? [] : [{ path: name + ending, compression, look }];
  });
  const [first, ...others] = found;
  return first === undefined ? null : { index, ...first, twins: others.map((other) => other.path) };
}

/** The older files up to the first gap, the newest first. */
export function rotatedFilesOf(path: string, files: Looking): RotatedFile[] {
  const found: RotatedFile[] = [];
  for (let index = 1; ; index++) {
    const file = rotatedFileOf(path, index, files);
    if (file === null) return found;
    found.push(file);
  }
}

/** Removes the file in all its forms. */
export function removeRotated(file: RotatedFile, files: LogFiles): FileResult {
  for (const path of [...file.twins, file.path]) {
    const removed = files.removeLogFile(path);
    if (removed.tag === "failed") return removed;
  }
  return { tag: "ok" };
}
