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

/** Runs a command in the project's directory and keeps what it says. */
export async function runQuietly(command: readonly string[]): Promise<Outcome> {
  // One pipe for both keeps the order in which things were said.
  const child = Bun.spawn(["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", ...command], {
    cwd: PROJECT,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  return { exitCode, output };
}

/** This very Bun, so that nothing depends on what "bun" means on PATH. */
export function bun(...rest: readonly string[]): string[] {
  return [process.execPath, ...rest];
}
