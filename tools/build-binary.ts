import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bun, runQuietly } from "./run-command.ts";
import { PROJECT } from "./toolchain.ts";

const DIST = join(PROJECT, "dist");
const BINARY = join(DIST, "daemonsup");
/** Says what the binary beside it was built from. */
const LABEL = join(DIST, "daemonsup.built-from");

/** Each Worker is an entry point of its own, or its file would not be in the binary. */
export const ENTRY_POINTS = [
  "src/main.ts",
  "src/io-worker.ts",
  "src/compress-worker.ts",
  "src/look-worker.ts",
  "src/history-worker.ts",
  "src/read-worker.ts",
  "src/relay-worker.ts",
  "src/syslog-worker.ts",
];
/** What else changes the binary. */
const INPUTS = ["src/**/*", "package.json", "bun.lock", "tsconfig.json", "tools/build-binary.ts"];

// Split, so that a command reads only the part of the program that it needs.
export const FLAGS = ["--compile", "--minify", "--bytecode", "--splitting", "--format", "esm"];
// Without these the binary obeys a bunfig.toml and a .env in whatever directory it is started in: code run as root.
export const CLOSED = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];

export type BuildResult =
  | { readonly tag: "built"; readonly tookMs: number; readonly bytes: number }
  | { readonly tag: "unchanged" }
  | { readonly tag: "failed"; readonly output: string };

/** Makes dist/daemonsup unless it is there and nothing that it is made from has changed. */
export async function buildBinary(): Promise<BuildResult> {
  const before = hashOfInputs();
  if (isCurrent(before)) return { tag: "unchanged" };

  mkdirSync(DIST, { recursive: true });
  // Not just another file name: the binary's inner paths are called after it.
  const workshop = mkdtempSync(join(DIST, ".build-"));
  try {
    const began = performance.now();
    const made = join(workshop, "daemonsup");
    const { exitCode, output } = await runQuietly(
      bun("build", ...FLAGS, ...CLOSED, ...ENTRY_POINTS, "--outfile", made),
    );
    if (exitCode !== 0) return { tag: "failed", output };
    chmodSync(made, 0o755);
    label(made, before);
    renameSync(made, BINARY);
    return { tag: "built", tookMs: Math.round(performance.now() - began), bytes: statSync(BINARY).size };
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function hashOfInputs(): string {
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update(Bun.version);
  for (const pattern of INPUTS) {
    for (const file of [...new Bun.Glob(pattern).scanSync({ cwd: PROJECT })].sort()) {
      hasher.update(`\0${file}\0`);
      hasher.update(readFileSync(join(PROJECT, file)));
    }
  }
  return hasher.digest("hex");
}

// The label names the file that it speaks of: of two builds at the same moment, the last to rename the binary need not
// be the last to write the label.
function label(made: string, before: string): void {
  if (hashOfInputs() !== before) return;
  const text = `${before} ${identityOf(made)}\n`;
  const draft = `${made}.built-from`;
  writeFileSync(draft, text);
  renameSync(draft, LABEL);
}

function isCurrent(hash: string): boolean {
  try {
    return readFileSync(LABEL, "utf8") === `${hash} ${identityOf(BINARY)}\n`;
  } catch {
    return false;
  }
}

function identityOf(file: string): string {
  const { ino, size, mtimeMs } = statSync(file);
  return `${ino} ${size} ${mtimeMs}`;
}
