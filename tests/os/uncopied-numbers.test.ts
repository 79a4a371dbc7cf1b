/*
 * Which numbers the files of logs have while something is done with them. A child begins with copies of the low ones, and closes them:
 * on a file system that does not answer, that would keep it from its exec.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compressFile } from "../../src/os/compress-file.ts";
import { lookAtLogFile } from "../../src/os/log-file.ts";
import { FIRST_UNCOPIED } from "../../src/os/reserve-numbers.ts";

const OS = join(import.meta.dir, "../../src/os");

let directory = "";

beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "uncopied-numbers-"))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** In the child; `files` is all that those modules have, and `act` is called again and again. */
const ACTS: Readonly<Record<string, { readonly act: string; readonly paths: readonly string[] }>> = {
  "compress one": {
    act: 'files.compressFile({ source: "a.log", identity, target: "new", compression: "zstd" })',
    paths: ["a.log", "new"],
  },
  "read the end of one": { act: 'files.readLogFileEnd("a.log", 100)', paths: ["a.log"] },
  "read the beginning of one": { act: 'files.readLogFileStart("a.log", 100)', paths: ["a.log"] },
  "cut one": { act: 'files.cutLogFile("a.log", { identity, before: 9, after: 9 })', paths: ["a.log"] },
  "read a compressed one": { act: 'files.readCompressedLogEnd("a.log.zst", "zstd", 100)', paths: ["a.log.zst"] },
  "read one anywhere": { act: 'files.openReadableLog("a.log", null).file.close()', paths: ["a.log"] },
  "read one that a service writes": { act: 'closeSync(files.openLogForReading("a.log"))', paths: ["a.log"] },
  "copy one that a service writes": {
    act: 'files.copyAndEmptyLog("a.log", "new", () => ({ tag: "ok" }))',
    paths: ["a.log", "new"],
  },
  "make one like another": { act: 'files.makeLogLike("new", 0); unlinkSync("new")', paths: ["new"] },
};

const MODULES = ["compress-file", "compressed-log", "direct-log-file", "log-file", "readable-log"];

/** The files that the process has open under numbers that no child copies. */
function uncopiedOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => Number(fd) >= FIRST_UNCOPIED)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return []; // Closed meanwhile.
      }
    });
}

test.each(Object.entries(ACTS))("no child copies the files that are open to %s", async (_what, { act, paths }) => {
  const source = join(directory, "a.log");
  writeFileSync(source, "0123456789\n".repeat(100_000));
  const identity = lookAtLogFile(source)?.identity ?? "";
  compressFile({ source, identity, target: `${source}.zst`, compression: "zstd" });
  const script = `
    import { closeSync, unlinkSync } from "node:fs";
    const files = Object.assign({}, ${MODULES.map((name) => `await import("${OS}/${name}.ts")`).join(", ")});
    const identity = ${JSON.stringify(identity)};
    // Much longer than it takes somebody to look.
    for (const end = performance.now() + 10_000; performance.now() < end; ) { ${act}; }
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { cwd: directory, stdin: "ignore", stderr: "inherit" });
  const missing = new Set(paths.map((path) => join(directory, path)));
  while (missing.size > 0 && child.exitCode === null) {
    for (const path of uncopiedOf(child.pid)) missing.delete(path);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  child.kill("SIGKILL");
  await child.exited;
  expect([...missing]).toEqual([]);
});
