import type { Expectation } from "./expectation.ts";
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
}

/** A run of it that may still say something. */
export interface Run {
  readonly number: number;
  readonly pid: number;
  readonly service: Service;
  readonly readers: Set<PipeReader>;
  readonly expected: Expectation | null;
}

/** What a descriptor in the epoll set is for. */
export type Watched =
  | { readonly tag: "pipe"; readonly run: Run; readonly reader: PipeReader }
  | { readonly tag: "watch"; readonly id: number };
