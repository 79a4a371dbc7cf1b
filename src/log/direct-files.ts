import type { FileResult, LogFiles } from "./log-files.ts";
import type { WriteNotices } from "./write-watches.ts";

/** What is needed of the file system for logs that services write themselves, beside what all logs need. */
export interface DirectLogFiles {
  /** Opens for reading only; null if it cannot be read, or is no regular file. To be closed. */
  openLogForReading(path: string): number | null;
  /** Fills `into` from `position` on; gives the number of bytes. */
  readLogAt(fd: number, into: Uint8Array, position: number): number;
  /** An empty file with owner and mode of the open one, unless the name is taken. */
  makeLogLike(path: string, model: number): FileResult;
  /** Copies the log to `copy`, has `keep` give that the name that it stays under, and empties the log. */
  copyAndEmptyLog(path: string, copy: string, keep: () => FileResult): FileResult;
}

/** What the kernel does for logs that services write themselves. */
export interface DirectKernel {
  /** Nothing of these files is in the journal: whoever cut them back would cut off what the service has written. */
  readonly files: LogFiles;
  readonly logs: DirectLogFiles;
  /** null: the machine has none to give at the moment. */
  openNotices(): WriteNotices | null;
}
