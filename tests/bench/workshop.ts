import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const PROGRAMS = join(import.meta.dir, "../programs");
const FLAGS = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
/** In memory where that is possible, so that the time stamps of a thousand services wait for no disk. */
const MEMORY = "/dev/shm";
const SLOT_SIZE = 32;

/** The place of one run of the benchmark: its directory, its programs, and the end of everything that was started in it. */
export class Workshop implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "daemonsup-bench-"));
  readonly #memory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "daemonsup-bench-"));

  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  /** Compiles tests/programs/NAME.c, without shared libraries if the machine has what that needs. */
  compile(name: string): string {
    const compiler = Bun.which("cc");
    if (compiler === null) throw new Error('cannot compile the programs of the benchmark: there is no "cc"');
    const made = this.path(name);
    const words = [compiler, ...FLAGS, "-o", made, join(PROGRAMS, `${name}.c`)];
    if (Bun.spawnSync([...words, "-static"], { stderr: "ignore" }).success) return made;
    console.error(`${name}: cannot be linked statically here, so the floor is higher than it could be`);
    const run = Bun.spawnSync(words, { stderr: "pipe" });
    if (!run.success) throw new Error(`cannot compile "${name}.c":\n${run.stderr.toString()}`);
    return made;
  }

  /** A file with empty slots for the time stamps of so many services. */
  makeStamps(name: string, count: number): string {
    const path = join(this.#memory, name);
    writeFileSync(path, new Uint8Array(count * SLOT_SIZE));
    return path;
  }

  /** Waits until nothing that was started from here runs any more but one process, and kills what does not end. */
  async emptyBut(kept: number): Promise<void> {
    for (let round = 0; round < 200; round++) {
      if (this.left().every((pid) => pid === kept)) return;
      await Bun.sleep(50);
    }
    this.#killAll(kept);
  }

  /** Kills, by pid, whatever was started from here and still runs, and removes all files. */
  [Symbol.dispose](): void {
    // Again, because a supervisor may have started something while the first list was gone through.
    for (let round = 0; round < 20 && this.#killAll() > 0; round++) Bun.sleepSync(50);
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.#memory, { recursive: true, force: true });
  }

  #killAll(kept: number | null = null): number {
    const left = this.left().filter((pid) => pid !== kept);
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    return left.length;
  }

  /** Processes of which program, working directory or command line lies in here, ended ones not counted. */
  left(): readonly number[] {
    const mark = basename(this.directory);
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      .filter((pid) =>
        [readText(`/proc/${pid}/cmdline`), readLink(`/proc/${pid}/exe`), readLink(`/proc/${pid}/cwd`)].some((text) =>
          text.includes(mark),
        ),
      )
      .map(Number);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
