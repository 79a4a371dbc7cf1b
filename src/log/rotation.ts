import type { FileResult, LogFiles } from "./log-files.ts";
import { removeRotated, rotatedFilesOf, rotatedNameOf, type RotatedFile } from "./rotated-files.ts";

/**
 * Moves FILE to FILE.1, FILE.1 to FILE.2, FILE.2.zst to FILE.3.zst and so on, at most `keep` of them; with 0 the file is
 * removed. Each step is one rename, the oldest first, so that a crash in between loses nothing: it leaves a gap, and only
 * the files before the first gap are moved the next time.
 */
export function rotateFiles(path: string, keep: number, files: LogFiles): FileResult {
  const older = rotatedFilesOf(path, files);
  for (const file of older.slice(Math.max(0, keep - 1)).toReversed()) {
    const removed = removeRotated(file, files);
    if (removed.tag === "failed") return removed;
  }
  if (keep === 0) return files.removeLogFile(path);
  for (const file of older.slice(0, keep - 1).toReversed()) {
    const moved = moveUp(path, file, files);
    if (moved.tag === "failed") return moved;
  }
  return files.renameLogFile(path, rotatedNameOf(path, 1));
}

/** The twins go first: what is moved must not meet them again as something else. */
function moveUp(path: string, file: RotatedFile, files: LogFiles): FileResult {
  for (const twin of file.twins) files.removeLogFile(twin);
  const ending = file.path.slice(rotatedNameOf(path, file.index).length);
  return files.renameLogFile(file.path, rotatedNameOf(path, file.index + 1) + ending);
}
