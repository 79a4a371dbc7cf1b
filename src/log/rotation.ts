import type { DirectLogFiles } from "./direct-files.ts";
import type { FileResult, LogFiles } from "./log-files.ts";
import { removeRotated, rotatedFilesOf, rotatedNameOf, type RotatedFile } from "./rotated-files.ts";

/**
 * Moves FILE to FILE.1, FILE.1 to FILE.2, FILE.2.zst to FILE.3.zst and so on, at most `keep` of them; with 0 the file is
 * removed. Each step is one rename, the oldest first, so that a crash in between loses nothing: it leaves a gap, and only
 * the files before the first gap are moved the next time.
 */
export function rotateFiles(path: string, keep: number, files: LogFiles): FileResult {
  const room = makeRoom(path, keep, files);
  if (room.tag === "failed") return room;
  return keep === 0 ? files.removeLogFile(path) : files.renameLogFile(path, rotatedNameOf(path, 1));
}

/** Where a copy is written before it counts. */
function copyNameOf(path: string): string {
  return `${path}.copy.tmp`;
}

/**
 * The same for a file that its writer keeps open: FILE.1 becomes a copy of it, and it is emptied. A crash in between loses nothing, but
 * may leave its lines in both.
 */
export function copyOut(
  path: string,
  keep: number,
  files: LogFiles & Pick<DirectLogFiles, "copyAndEmptyLog">,
): FileResult {
  const copy = copyNameOf(path);
  return files.copyAndEmptyLog(path, copy, () => {
    if (keep === 0) return files.removeLogFile(copy);
    const room = makeRoom(path, keep, files);
    return room.tag === "failed" ? room : files.renameLogFile(copy, rotatedNameOf(path, 1));
  });
}

function makeRoom(path: string, keep: number, files: LogFiles): FileResult {
  const older = rotatedFilesOf(path, files);
  for (const file of older.slice(Math.max(0, keep - 1)).toReversed()) {
    const removed = removeRotated(file, files);
    if (removed.tag === "failed") return removed;
  }
  for (const file of older.slice(0, Math.max(0, keep - 1)).toReversed()) {
    const moved = moveUp(path, file, files);
    if (moved.tag === "failed") return moved;
  }
  return { tag: "ok" };
}

/** The twins go first: what is moved must not meet them again as something else. */
function moveUp(path: string, file: RotatedFile, files: LogFiles): FileResult {
  for (const twin of file.twins) files.removeLogFile(twin);
  const ending = file.path.slice(rotatedNameOf(path, file.index).length);
  return files.renameLogFile(file.path, rotatedNameOf(path, file.index + 1) + ending);
}
