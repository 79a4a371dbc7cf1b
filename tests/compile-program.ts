import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAMS = join(import.meta.dir, "programs");
const FLAGS = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
/** Of a shared library, for ld.so to load before a program. */
const LIBRARY_FLAGS = ["-shared", "-fPIC"];

/**
 * Compiles tests/programs/NAME.c and returns the path of the program, executable by every user. It is compiled once
 * for each content of the source and its headers, also when several test processes ask at the same moment.
 * Returns null when there is no C compiler: the test must then skip with `test.skipIf(path === null)`.
 * Throws when the source does not compile without a warning. A "library" is a shared one instead of a program.
 */
export function compileProgram(name: string, kind: "program" | "library" = "program"): string | null {
  const compiler = Bun.which("cc") ?? Bun.which("gcc") ?? Bun.which("clang");
  if (compiler === null) return null;
  const source = join(PROGRAMS, `${name}.c`);
  const program = join(cacheDirectory(), `${name}-${hashOf(source)}`);
  const words = [compiler, ...FLAGS, ...(kind === "library" ? LIBRARY_FLAGS : [])];
  if (!existsSync(program)) compile(words, source, program);
  return program;
}

function hashOf(source: string): string {
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update([...FLAGS, ...LIBRARY_FLAGS].join(" "));
  for (const file of readdirSync(PROGRAMS).sort()) {
    if (file.endsWith(".h")) hasher.update(readFileSync(join(PROGRAMS, file)));
  }
  hasher.update(readFileSync(source));
  return hasher.digest("hex").slice(0, 16);
}

/** One for each user: what root runs must not lie where others may write. */
function cacheDirectory(): string {
  const uid = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `daemonsup-test-programs-${uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o022) !== 0) {
    throw new Error(
      `cannot use "${directory}": it must be a directory that belongs to user ${uid} and that only this user may write`,
    );
  }
  // Whatever the umask made of it: a program is also run by users that a test switches to.
  if ((found.mode & 0o777) !== 0o755) chmodSync(directory, 0o755);
  return directory;
}

function compile(words: readonly string[], source: string, program: string): void {
  const directory = mkdtempSync(`${program}-`);
  try {
    const made = join(directory, "program");
    const run = Bun.spawnSync([...words, "-o", made, source], { stdout: "pipe", stderr: "pipe" });
    if (!run.success) throw new Error(`cannot compile "${source}":\n${run.stderr.toString()}`);
    chmodSync(made, 0o755);
    renameSync(made, program);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
