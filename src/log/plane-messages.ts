import type { DirectBeginning } from "../core/direct-output.ts";
import type { LogPolicy, OwnLogPolicy } from "../core/log-policy.ts";
import type { LossNews } from "./loss-tally.ts";
import type { CompressionJob, CompressionResult } from "./compression-job.ts";

/**
 * What the main thread and the data-plane Worker say to each other. The main thread owns every descriptor: the Worker
 * reads from it, says when it has ended, and the main thread closes it. So nothing is lost if the Worker dies: a new
 * one is told of the same descriptors again.
 */
export type ToPlane =
  /** A run of a service begins: read these pipes into its sinks. */
  | {
      readonly tag: "open";
      readonly run: number;
      readonly service: string;
      readonly pid: number;
      readonly pipes: readonly Pipe[];
    }
  /** A run begins of a service that writes its files itself: what is behind these places is its output. */
  | {
      readonly tag: "begin";
      readonly run: number;
      readonly service: string;
      readonly began: readonly DirectBeginning[];
    }
  /**
   * What becomes of a service's output from now on; sent before the first `open` of the service and whenever it changes.
   * `file` is the path of a log file that has none of its own; null: there is no such file.
   */
  | { readonly tag: "configure"; readonly service: string; readonly policy: LogPolicy; readonly file: string | null }
  /** The service is gone for good: flush, close its sinks, forget its last lines. */
  | { readonly tag: "forget"; readonly service: string }
  /** The main process of the run has ended: read its pipes until they are empty, write an unfinished last line, answer `drained`. */
  | { readonly tag: "drain"; readonly run: number; readonly token: number }
  /**
   * Answer `tail` with the last lines of the service's output; with `run`, only of what this run of it has written, which is
   * known of the run that was opened last.
   */
  | {
      readonly tag: "tail";
      readonly service: string;
      readonly count: number;
      readonly run: number | null;
      readonly token: number;
    }
  /** Answer `mark`: what of the service's output is in its file at this moment, and what in memory alone. */
  | { readonly tag: "mark"; readonly service: string; readonly token: number }
  /** Begin or end telling the main thread of each line of this service. */
  | { readonly tag: "follow"; readonly service: string; readonly on: boolean }
  /** A `lines` message of this service has been taken; what has not been taken is bounded. */
  | { readonly tag: "followed"; readonly service: string }
  /** Answer `matched`, once, when a line matches of the run of this service that is opened next, and of no other. */
  | { readonly tag: "expect"; readonly service: string; readonly id: number; readonly pattern: string }
  /** That is not asked any more. */
  | { readonly tag: "unexpect"; readonly service: string; readonly id: number }
  /** Lines for the supervisor's own log file, each without its newline. */
  | { readonly tag: "own"; readonly lines: readonly string[] }
  | { readonly tag: "configure-own"; readonly file: string; readonly policy: OwnLogPolicy }
  /** Now: what `rotation-due` was told of. */
  | { readonly tag: "rotate"; readonly service: string }
  /** The file that was asked to be compressed is, or is not. */
  | { readonly tag: "compressed"; readonly result: CompressionResult }
  /** Another relay has taken the place of the one before, and knows of nothing. */
  | { readonly tag: "relay-renewed" }
  /** Close and open every log file again (somebody else may have renamed it). */
  | { readonly tag: "reopen" }
  /** Tell once when this descriptor is readable (one shot; watch again for more). */
  | { readonly tag: "watch"; readonly fd: number; readonly id: number }
  | { readonly tag: "unwatch"; readonly fd: number }
  /** Another lane takes the service over: leave its pipes as they are, forget it, answer `released`. */
  | { readonly tag: "release"; readonly service: string; readonly token: number }
  /** Write out everything read so far, then answer `flushed`. */
  | { readonly tag: "flush"; readonly token: number };

/** The first message to a Worker; all others, in both directions, are arrays of the messages above and below. */
export interface PlaneStart {
  /** The epoll set that it waits on. The main thread may take descriptors out of it. */
  readonly epoll: number;
  /** The eventfd that wakes it, after each array that was posted. */
  readonly wakeup: number;
  /** How many arrays were posted: see PostedCount. */
  readonly posted: SharedArrayBuffer;
  /** Descriptors that the Worker has opened itself, for the main thread to close if the Worker dies: see FdLedger. */
  readonly opened: SharedArrayBuffer;
  /** Since when the Worker has been at work: see BusyMark. */
  readonly busy: SharedArrayBuffer;
  /** The socket that the syslog daemon listens on; nobody need be there. */
  readonly syslog: string;
  /** The address of the native function that stamps lines. */
  readonly stamping: number;
  readonly estate: PlaneEstate;
  /** The pipe that a predecessor was at work on, if it was and the pipe is still there. */
  readonly unsettled: number | null;
}

/** Descriptors that outlive a Worker, and that a successor of the whole process can be given. */
export interface PlaneEstate {
  /** A memory file of JOURNAL_SIZE: see PipeJournal. */
  readonly journal: number;
  /** A memory file: see CarryStore. */
  readonly carries: number;
}

export interface Pipe {
  readonly fd: number;
  /** Its place among the carries, of no other pipe as long as it is open; -1: it has none. */
  readonly slot: number;
  readonly stream: "stdout" | "stderr";
}

export type FromPlane =
  | { readonly tag: "drained"; readonly run: number; readonly token: number }
  /** The pipe has no writer left and was read to its end; it is out of the epoll set, the main thread may close it. */
  | { readonly tag: "ended"; readonly run: number; readonly fd: number }
  | { readonly tag: "tail"; readonly token: number; readonly lines: readonly PlaneLine[] }
  /** Every `lines` message of the service before this tells of what is in `lines` or before the places in `files`. */
  | {
      readonly tag: "mark";
      readonly token: number;
      readonly lines: readonly PlaneLine[];
      readonly files: readonly FileMark[];
      readonly underway: Underway | null;
    }
  | { readonly tag: "lines"; readonly service: string; readonly lines: readonly PlaneLine[] }
  | { readonly tag: "readable"; readonly fd: number; readonly id: number }
  | { readonly tag: "matched"; readonly service: string; readonly id: number }
  | { readonly tag: "flushed" | "released"; readonly token: number }
  /** Compress this file and answer `compressed`; the next is asked for only then. */
  | { readonly tag: "compress"; readonly job: CompressionJob }
  /** Files that the service writes itself are to be moved away; said again after a while if no `rotate` follows. */
  | { readonly tag: "rotation-due"; readonly service: string }
  /** They were: its main process is to open them anew. */
  | { readonly tag: "rotated"; readonly service: string }
  /** So many of the oldest lines of the supervisor's own log are with its file now. */
  | { readonly tag: "own-taken"; readonly count: number }
  /** So many lines more have not come into a sink. */
  | ({ readonly tag: "lost" } & LossNews)
  /** A sink fails or works again; said once each time, in words for the log. */
  | { readonly tag: "problem"; readonly service: string | null; readonly message: string; readonly recovered: boolean };

export interface PlaneLine {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  readonly pid: number;
  readonly text: string;
}

/** A place in a log file: everything before it had been written at some moment, and nothing after it. */
export interface FileMark {
  readonly path: string;
  /** As `lookAtLogFile` gives it: the file may have another name by now. */
  readonly identity: string;
  /** In bytes from its beginning. */
  readonly size: number;
}

/** What there is of a service's output at one moment, beside what its older files hold. */
export interface OutputMark {
  readonly files: readonly FileMark[];
  /** Not in the file that is to hold every line, the oldest first: they follow it. The last ones if there is no such file. */
  readonly lines: readonly PlaneLine[];
  /** null: whoever reads the output writes the files that are to hold every line. */
  readonly underway: Underway | null;
}

/** Lines for files that somebody else writes. */
export interface Underway {
  /** So many have been sent there so far. */
  readonly sent: number;
  /** So many of these are in no pipe yet. */
  readonly left: number;
}
