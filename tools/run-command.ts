import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "./toolchain.ts";

export interface Outcome {
  readonly exitCode: number;
  /** Standard output and standard error as they came, one after the other in time. */
  readonly output: string;
}

/** Runs a command in the project's directory and lets it talk to the terminal; returns its exit status. */
export async function runAloud(command: readonly string[], environment: Record<string, string> = {}): Promise<number> {
  const child = Bun.spawn([...command], {
    cwd: PROJECT,
    env: { ...process.env, ...environment },
    stdio: ["inherit", "inherit", "inherit"],
  });
  return await child.exited;
}

/** In milliseconds: a stage that takes longer hangs, and is ended. */
const LONGEST_STAGE = 20 * 60_000;

/** Runs a command in the project's directory and keeps what it says. */
export async function runQuietly(command: readonly string[]): Promise<Outcome> {
  // Into a file, as the end of a pipe would be waited for as long as anything that was left behind holds it; one for both
  // keeps the order in which things were said.
  const path = join(tmpdir(), `daemonsup-stage-${crypto.randomUUID()}`);
  try {
    const child = Bun.spawn(["/bin/sh", "-c", 'exec "$@" > "$0" 2>&1', path, ...command], {
      cwd: PROJECT,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "inherit", "inherit"],
      timeout: LONGEST_STAGE,
      killSignal: "SIGKILL",
    });
    const exitCode = await child.exited;
    return { exitCode, output: readFileSync(path, "utf8") };
  } finally {
    rmSync(path, { force: true });
  }
}

/** This very Bun, so that nothing depends on what "bun" means on PATH. */
export function bun(...rest: readonly string[]): string[] {
  return [process.execPath, ...rest];
}
