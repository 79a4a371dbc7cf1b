import type { Driver, Span } from "./driver.ts";

const GIB = 2 ** 30;

/** One log to be written, in lines of 100 bytes. */
export interface LogJob {
  readonly isStamped: boolean;
  /** What the service writes, without stamps. */
  readonly bytes: number;
  /** How much it writes at a time. */
  readonly chunk: number;
  /** Tells it from all others. */
  readonly name: string;
  /** The service itself. */
  readonly writer: readonly string[];
}

/** From the first instruction of the service until all of it is in the file, and the processor time of what wrote that. */
export interface LogWork extends Span {
  readonly cpuMs: number;
}

/** Somebody who writes the output of a service to a file, rotated at 10 MiB, five old ones kept (but for the floor). */
export interface LogContender {
  readonly name: string;
  /** false: it has no stamps. */
  readonly canStamp: boolean;
  prepare(jobs: readonly LogJob[], driver: Driver): Promise<void>;
  write(job: LogJob, driver: Driver): Promise<LogWork>;
  end(driver: Driver): Promise<void>;
}

/** MB/s of what the services write. */
export function speedOf(bytes: number, { began, ended }: Span): number {
  return bytes / 1e6 / ((ended - began) / 1e9);
}

/** Processor seconds for each GiB of what the service writes. */
export function cpuOf(bytes: number, { cpuMs }: LogWork): number {
  return cpuMs / 1000 / (bytes / GIB);
}
