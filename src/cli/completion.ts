import { EXIT } from "../core/exit-statuses.ts";
import type { Command, CommandCall } from "./command.ts";
import { type Candidates, candidatesFor } from "./completion-candidates.ts";
import { ASK, COMPLETION_SCRIPTS, DIRECTORIES, SHELLS } from "./completion-scripts.ts";
import { refuseChoice } from "./refuse-choice.ts";

export const completion: Command = {
  about: `Prints a script that lets your shell complete what you type after daemonsup with the tab key: commands, options, and
the names of the services that run now.

The scripts call "daemonsup completion ${ASK} -- WORD...", which prints what the last of the words may become, a line each.`,
  options: {},
  operands: [
    { shown: "SHELL", kind: SHELLS, count: "one" },
    { shown: "WORD", kind: "text", count: "any" },
  ],
  examples: [
    { line: "daemonsup completion bash > /etc/bash_completion.d/daemonsup", what: "for everybody" },
    { line: "daemonsup completion zsh > ~/.zfunc/_daemonsup", what: "with ~/.zfunc in $fpath" },
    { line: "daemonsup completion fish | source", what: "for this shell" },
  ],
  exits: {},
  run: printCompletion,
};

async function printCompletion({ given, world }: CommandCall): Promise<number> {
  const [wanted = "", ...words] = given.operands;
  if (wanted === ASK) {
    world.stdout.write(linesOf(await candidatesFor(words, world)));
    return EXIT.done;
  }
  const shell = SHELLS.find((name) => name === wanted);
  if (shell === undefined) return refuseChoice(world, { verb: "complete for", given: wanted, choices: SHELLS });
  world.stdout.write(COMPLETION_SCRIPTS[shell]);
  return EXIT.done;
}

/** A line each: the word, a tab, what it means. */
function linesOf(candidates: Candidates): string {
  if (candidates.tag === "directories") return `${DIRECTORIES}${candidates.before}\n`;
  return candidates.candidates
    .map(({ word, what }) => `${word}${what === "" ? "" : `\t${oneLineOf(what)}`}\n`)
    .join("");
}

function oneLineOf(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
}
