// Runs before anything is installed: nothing here may import a package.
import { installDependencies } from "./install-dependencies.ts";
import { bun, runAloud, runQuietly } from "./run-command.ts";
import { requireToolchain } from "./toolchain.ts";

const DAEMONSUP = "dist/daemonsup";
/** What `status` exits with when there is nobody to ask. */
const NOT_RUNNING = 7;

requireToolchain();
await installDependencies();
if ((await runAloud(bun("tools/build.ts"))) !== 0) process.exit(1);

const exitCode = await runAloud([DAEMONSUP, "--config", "services.d"]);
if (exitCode === 0) console.log(`\n${nextSteps()}`);
else if (await isRunning()) console.log(`\nIt is running already, and goes on as it was.\n${nextSteps()}`);
process.exit(exitCode);

async function isRunning(): Promise<boolean> {
  const { exitCode: status } = await runQuietly([DAEMONSUP, "status"]);
  return status !== NOT_RUNNING;
}

function nextSteps(): string {
  return [
    "What it is doing:    dist/daemonsup status",
    "What they print:     dist/daemonsup logs -f clock",
    "A web page:          http://127.0.0.1:8017/",
    "Stop everything:     dist/daemonsup shutdown",
  ].join("\n");
}
