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
}
