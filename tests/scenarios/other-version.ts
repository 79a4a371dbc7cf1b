/* Programs to upgrade from and to: the binary, built once more with another version, and copies of both in places of their own. */
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLOSED, ENTRY_POINTS, FLAGS } from "../../tools/build-binary.ts";
import { BINARY, type SupervisorOptions, type TestPlace, TestSupervisor, run } from "./test-supervisor.ts";

const PROJECT = join(import.meta.dir, "../..");

export class OtherVersion implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "daemonsup-version-"));
  readonly path = join(this.#directory, "daemonsup");

  static async build(version: string): Promise<OtherVersion> {
    const other = new OtherVersion();
    // Whoever runs the tests, every user may execute it.
    chmodSync(other.#directory, 0o755);
    const define = ["--define", `BUILD_VERSION=${JSON.stringify(version)}`];
    const entries = ENTRY_POINTS.map((entry) => join(PROJECT, entry));
    const words = [process.execPath, "build", ...FLAGS, ...CLOSED, ...define, ...entries, "--outfile", other.path];
    const built = await run(words, { BUN_BE_BUN: "1" });
    if (built.code !== 0) throw new Error(`cannot build another version: ${built.stdout}${built.stderr}`);
    return other;
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Puts a program into the place under this name, as package managers do: by a rename over what is there. */
export function putProgram(place: TestPlace, name: string, program: string): string {
  const path = place.path(name);
  copyFileSync(program, `${path}.new`);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  return path;
}

/** Starts the program of this path. */
export async function startProgram(
  place: TestPlace,
  program: string,
  options: SupervisorOptions = {},
): Promise<TestSupervisor> {
  const words = place.startWords(options).map((word) => (word === BINARY ? program : word));
  const started = await run(words);
  if (started.code !== 0) throw new Error(`the supervisor did not start: ${started.stdout}${started.stderr}`);
  return await TestSupervisor.connect(place);
}
