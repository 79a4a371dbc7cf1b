// Runs before anything is installed: nothing here may import a package.
import { installDebianPackages } from "./debian-packages.ts";
import { installDependencies } from "./install-dependencies.ts";
import { bun, runAloud } from "./run-command.ts";
import { requireToolchain } from "./toolchain.ts";

requireToolchain();
await installDebianPackages();
await installDependencies();
process.exit(await runAloud(bun("tools/ok.ts")));
