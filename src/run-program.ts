/* Runs a program for a command of the command line, to its end. Part of the composition root. */
import { closeSync, openSync } from "node:fs";
import { resolveProgram } from "./config/resolve-program.ts";
import { fillMemoryFile, makeMemoryFile, takeMemoryFile } from "./os/memory-file.ts";
import { peekEndedChild, reapChild } from "./os/reaping.ts";
import { Spawner } from "./os/spawn.ts";

/** How a program ended and what it wrote, standard error included. */
export interface ProgramRun {
  /** null: it could not be started, or was ended by a signal. */
  readonly code: number | null;
  readonly output: string;
}

/** How long the exec may take, in milliseconds, and how often its end is looked for. */
const EXEC_MS = 5_000;
const LOOK_EVERY_MS = 5;

/** Runs `words`, the first of them looked up in the usual places, with `input` on its standard input. */
export async function runProgram(words: readonly string[], input: string): Promise<ProgramRun> {
  const found = resolveProgram(words[0] ?? "", process.env["PATH"] ?? "");
  if (found.tag === "missing") return { code: null, output: found.reason };
  const written = makeMemoryFile("input");
  fillMemoryFile(written, input);
  // Opened anew, as whoever reads begins where was written last.
  const stdin = openSync(`/proc/self/fd/${written}`, "r");
  closeSync(written);
  const output = makeMemoryFile("output");
  using spawner = new Spawner();
  const result = spawner.spawn(
    {
      path: found.path,
      argv: words,
      env: Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ""}`),
      directory: "/",
      stdin,
      stdout: output,
      stderr: output,
      passed: [],
      umask: 0o022,
      nice: null,
      oomScoreAdjust: null,
      limits: [],
      noNewPrivileges: false,
      credentials: null,
      record: null,
      goesFirst: false,
    },
    EXEC_MS,
  );
  closeSync(stdin);
  if (result.tag !== "spawned") return { code: null, output: takeMemoryFile(output) };
  for (let ended = peekEndedChild(); ; ended = peekEndedChild()) {
    if (ended !== null) reapChild(ended.pid);
    if (ended?.pid === result.pid)
      return { code: ended.exit.tag === "code" ? ended.exit.code : null, output: takeMemoryFile(output) };
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
