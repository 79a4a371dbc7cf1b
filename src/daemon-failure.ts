import { EXIT } from "./core/exit-statuses.ts";

/** Something that keeps the daemon from starting: lines for the launcher's terminal, and its exit status. */
export class CannotStart extends Error {
  readonly exit: number;
  readonly lines: readonly string[];

  constructor(lines: readonly string[], exit: number = EXIT.failed) {
    super(lines.join("\n"));
    this.lines = lines;
    this.exit = exit;
  }

  /** The error itself, or what stands for one that nobody expected. */
  static because(error: unknown): CannotStart {
    if (error instanceof CannotStart) return error;
    return new CannotStart([`cannot start: ${error instanceof Error ? error.stack : String(error)}`]);
  }
}
