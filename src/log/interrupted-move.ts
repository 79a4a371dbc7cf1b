import type { DirectLogPorts } from "./direct-log.ts";
import { rotatedFileOf } from "./rotated-files.ts";

/** A new file that is older than this is one that the service knows of, if it does not write to the old one. In milliseconds. */
const RECENT_MS = 60_000;

/**
 * Whoever moved a log away that its service writes itself may have died before the service was told: then it writes to the file that
 * was moved, for ever, and that is never full. true: so it may be, and it is to be told (once too often costs nothing). Makes the
 * new file if that is missing.
 */
export function isMoveUntold(path: string, { files, direct, now }: DirectLogPorts): boolean {
  const moved = rotatedFileOf(path, 1, files);
  if (moved === null || moved.compression !== null) return false;
  const look = files.lookAtLogFile(path);
  if (look === null) return makeLike(path, moved.path, { files, direct });
  if (look.size > 0) return false;
  return moved.look.changedAt >= look.bornAt || Math.abs(now() / 1000 - look.bornAt) < RECENT_MS;
}

function makeLike(path: string, model: string, { files, direct }: Pick<DirectLogPorts, "files" | "direct">): boolean {
  const fd = direct.openLogForReading(model);
  if (fd === null) return false;
  const made = direct.makeLogLike(path, fd);
  files.closeLogFile(fd);
  return made.tag === "ok";
}
