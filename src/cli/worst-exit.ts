import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";

/** What a command that did several things ends with: the earlier in this list, the more it says. */
const BY_WEIGHT: readonly ExitStatus[] = [
  EXIT.usage,
  EXIT.notRunning,
  EXIT.permission,
  EXIT.invalidConfiguration,
  EXIT.noSuchService,
  EXIT.failed,
  EXIT.timedOut,
  EXIT.notUp,
];

/** The exit status that says most about several results. */
export function worstExitOf(statuses: readonly ExitStatus[]): ExitStatus {
  return BY_WEIGHT.find((status) => statuses.includes(status)) ?? EXIT.done;
}

/** The status of a command that its user has interrupted, as shells give it: 128 + SIGINT. */
export const INTERRUPTED = 130;
