import type { FileResult, LogFiles } from "./log-files.ts";

/** The name of the `index`th older file; 0 is the current one. */
export function rotatedNameOf(path: string, index: number): string {
  return index === 0 ? path : `${path}.${index}`;
}

/**
 * Moves FILE to FILE.1, FILE.1 to FILE.2 and so on, at most `keep` of them; with 0 the file is removed. Each step is one
 * rename, the oldest first, so that a crash in between loses nothing: it leaves a gap, and only the files before the first
 * gap are moved the next time.
 */
export function rotateFiles(path: string, keep: number, files: LogFiles): FileResult {
  if (keep === 0) return files.removeLogFile(path);
  let gap = 1;
  while (gap < keep && files.isLogFileThere(rotatedNameOf(path, gap))) gap++;
  for (let index = gap; index > 0; index--) {
    const moved = files.renameLogFile(rotatedNameOf(path, index - 1), rotatedNameOf(path, index));
    if (moved.tag === "failed") return moved;
  }
  return { tag: "ok" };
}
