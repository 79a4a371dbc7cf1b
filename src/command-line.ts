/* What the user typed, at work. Part of the composition root; one file, as each that is loaded by itself costs a command 0.1 ms. */
import { runCommand } from "./cli/run-command.ts";
import { makeWorld } from "./world.ts";

/** Runs the command line (without the program's own name) and returns its exit status. */
export function runCommandLine(words: readonly string[]): Promise<number> {
  return runCommand(words, makeWorld());
}
