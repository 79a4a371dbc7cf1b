import { EXIT } from "../core/exit-statuses.ts";
import { hintOf } from "../core/nearest.ts";
import type { CliWorld } from "./world.ts";

/** Refuses a word that is none of those that there are, with the one that was meant; returns the exit status. */
export function refuseChoice(
  world: CliWorld,
  { verb, given, choices }: { readonly verb: string; readonly given: string; readonly choices: readonly string[] },
): number {
  const hint = hintOf(given, choices);
  world.stderr.write(`cannot ${verb} ${JSON.stringify(given)}: want one of ${choices.join(", ")}${hint}\n`);
  return EXIT.usage;
}
