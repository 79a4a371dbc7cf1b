import { bun, runQuietly } from "./run-command.ts";

/** Installs exactly what bun.lock names; ends the process with the reason when that cannot be done. */
export async function installDependencies(): Promise<void> {
  const { exitCode, output } = await runQuietly(bun("install", "--frozen-lockfile"));
  if (exitCode === 0) {
    console.log("dependencies are installed");
    return;
  }
  console.error(output.trimEnd());
  console.error('cannot install the dependencies in "bun.lock": see above');
  process.exit(1);
}
