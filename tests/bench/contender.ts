import type { Driver, Stamp } from "./driver.ts";

/** What every contender is to run: `count` instances of one program, each with the file of time stamps and its index. */
export interface Task {
  readonly program: string;
  readonly stamps: string;
  readonly count: number;
  /** An empty directory of its own. */
  readonly directory: string;
}

/** A supervisor with all its services running. */
export interface Running {
  readonly pid: number;
  /** From the command that starts it; first instruction of the first and of the last service. */
  readonly began: Stamp;
  readonly first: Stamp;
  readonly last: Stamp;
}

/** A supervisor that can be measured. */
export interface Contender {
  readonly name: string;
  /** Writes its configuration. */
  prepare(): void;
  start(driver: Driver): Promise<Running>;
  /** Returns how long it took in ms until it was gone, or null if it does not wait for its services. */
  end(driver: Driver, running: Running): Promise<number | null>;
}

export const SIGNALS = { SIGHUP: 1, SIGKILL: 9, SIGTERM: 15 } as const;

/** "s0007": so that they stand in order. */
export function serviceName(index: number): string {
  return `s${String(index).padStart(4, "0")}`;
}
