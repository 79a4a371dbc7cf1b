/* What a successor says that cannot begin, before there is a log to say it in. Part of the composition root. */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { ownLineOf } from "./log/own-log-handler.ts";
import type { SupervisorRole } from "./role.ts";

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Says in its own log why it cannot begin: nobody waits for it who could be told. Once for each reason in a row. */
export function sayWhyNot({ handover, before, directories }: SupervisorRole, lines: readonly string[]): void {
  const words = lines.join("; ");
  if (handover !== null || before?.includes(words) === true) return;
  try {
    const fd = openSync(
      `${directories.log}/daemonsup.log`,
      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
      0o640,
    );
    writeSync(fd, `${ownLineOf(new Date(), "crit", `cannot go on with the services, trying again: ${words}`)}\n`);
    closeSync(fd);
  } catch {
    // Whoever comes next and can write says how this one has ended.
  }
}
