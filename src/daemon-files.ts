/* Fits the file system to what knowing changed definitions needs. Part of the composition root. */
import { markOf } from "./config/fingerprint.ts";
import { SETTINGS_FILE } from "./config/list-directory.ts";
import { clock, timers } from "./daemon-ports.ts";
import { FileChanges, type FileMarks } from "./supervisor/file-changes.ts";

/** `marks`: what the files were when they were read. */
export function makeFileChanges(directory: string, marks: FileMarks): FileChanges {
  return new FileChanges(marks, `${directory}/${SETTINGS_FILE}`, { now: () => clock.now(), timers, markOf });
}
