/* Runs commands of the command line in a world that is made up, against a supervisor that is, too. */
import { runCommand } from "../../src/cli/run-command.ts";
import type { ControlPort } from "../../src/control/control-port.ts";
import { serveTemporarily } from "../control/temporary-server.ts";
import { type LiteralWorld, literalWorld, type WorldChanges } from "./literal-world.ts";

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command; `words` with a blank between them. */
export async function run(words: string, world: LiteralWorld = literalWorld()): Promise<Ran> {
  const exit = await runCommand(words === "" ? [] : words.split(" "), world);
  return { exit, out: world.written.out, err: world.written.err };
}

/** Runs a command against a supervisor that has these services. */
export async function runAgainst(port: ControlPort, words: string, changes: WorldChanges = {}): Promise<Ran> {
  await using server = serveTemporarily(port);
  return await run(words, literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: server.directory }, ...changes }));
}
