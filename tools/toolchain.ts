import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Top directory of the project. */
export const PROJECT = join(import.meta.dir, "..");

/** Set to anything: build and test with a Bun that nobody has tried. */
const OVERRIDE = "DAEMONSUP_ANY_BUN";

/** Ends the process with a reason where the project cannot be built: another system, or a Bun that was not tested. */
export function requireToolchain(): void {
  const reason = reasonAgainst();
  if (reason === null) return;
  console.error(reason);
  process.exit(1);
}

function reasonAgainst(): string | null {
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) {
    return `cannot build "daemonsup": got ${process.platform} on ${process.arch}, want Linux on x64 or arm64`;
  }
  const wanted = testedBunVersion();
  if (Bun.version === wanted || process.env[OVERRIDE] !== undefined) return null;
  return (
    `cannot build "daemonsup": got Bun ${Bun.version}, want the tested ${wanted}\n` +
    `Put it in front of the same command, like "npx --yes bun@${wanted} run start", or set ${OVERRIDE}=1 to try yours.`
  );
}

/** The one place where the version is written is the field "packageManager", as in "bun@1.2.3". */
function testedBunVersion(): string {
  const { packageManager } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as {
    packageManager: string;
  };
  return packageManager.slice(packageManager.indexOf("@") + 1);
}
