import type { Expectation } from "./expectation.ts";
import { type Block, lineCountOf } from "./line-framer.ts";
import type { PipeReader } from "./pipe-reader.ts";
import type { ServiceLog } from "./service-log.ts";

/** A service whose output is known here. */
export interface Service {
  readonly name: string;
  readonly log: ServiceLog;
  /** Pipes that still bring lines of it. */
  pipes: number;
  /** true: to be forgotten with its last pipe. */
  isLeaving: boolean;
  /** The run that was opened last, also when its pipes have ended. */
  latest: Run | null;
}

/** A run of it that may still say something. */
export interface Run {
  readonly number: number;
  readonly pid: number;
  readonly service: Service;
  readonly readers: Set<PipeReader>;
  readonly expected: Expectation | null;
  /** Lines that it has written, counted up to what is ever asked for. */
  lines: number;
}

/** The run that a service is in from now on. */
export function beginRun(
  service: Service,
  { run: number, pid }: { readonly run: number; readonly pid: number },
  expected: Expectation | null,
): Run {
  const run: Run = { number, pid, service, readers: new Set(), expected, lines: 0 };
  service.latest = run;
  return run;
}

/** More lines than these of one run are never asked for. */
const MOST_COUNTED = 1000;

/** Takes note of lines that the run has written; costs nothing once there are enough of them. */
export function countLines(run: Run, block: Block): void {
  if (run.lines < MOST_COUNTED) run.lines += lineCountOf(block) - Number(block.continues);
}

/** What a descriptor in the epoll set is for. */
export type Watched =
  /** Notifications of files that services write themselves. */
  | { readonly tag: "writes" }
  | { readonly tag: "pipe"; readonly run: Run; readonly reader: PipeReader }
  | { readonly tag: "watch"; readonly id: number };
