/* How a guardian gives up root with its supervisor. Part of the composition root. */
import { writeSync } from "node:fs";
import type { DaemonUser } from "./guardian-messages.ts";
import { dropPrivileges } from "./os/become-daemon.ts";
import { changeOwnScore } from "./os/oom-score.ts";

/**
 * Becomes the user that the supervisor becomes: as root it would carry out, with the next supervisor, whatever that user has
 * written into the runtime directory. Where that is not possible, the supervisor is killed, which is at its start still.
 * Then false, and none is to follow. `score`: what this process had for an oom score before it took one that only root may have.
 */
export function becomeUser(
  user: DaemonUser,
  { score, supervisor }: { readonly score: number | null; readonly supervisor: number },
): boolean {
  // Whoever inherits a score may go back to it at any time, so every service could.
  if (score !== null) changeOwnScore(score);
  const failure = dropPrivileges(user);
  if (failure === null) return true;
  writeSync(2, `cannot start: cannot become user "${user.name}": ${failure}\n`);
  process.kill(supervisor, "SIGKILL");
  return false;
}
