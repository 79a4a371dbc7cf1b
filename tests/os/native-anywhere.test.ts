/* The C files are compiled also on a machine on which nothing was ever built: without headers, and without a libc to link. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { skipReason } from "../scenarios/loud-skip.ts";

const OS = join(import.meta.dir, "../../src/os");
/** What a compiler links, and what its headers lie in; there where programs are built. */
const DIRECTORIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
const LINKED = DIRECTORIES.flatMap((directory) => [`${directory}/libc.so`, `${directory}/libc.a`]).filter(existsSync);

/** Runs a script of the runtime in a place of its own in which these files are of no use: what stands in them is no library. */
function runWithout(files: readonly string[], script: string) {
  const hide = files.map((file) => `mount --bind ${import.meta.path} ${file}`);
  const words = [
    "unshare",
    "-rm",
    "sh",
    "-c",
    [...hide, 'exec "$@"'].join(" && "),
    "sh",
    process.execPath,
    "-e",
    script,
  ];
  const { exitCode, stdout, stderr } = Bun.spawnSync(words, { stdout: "pipe", stderr: "pipe" });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const why = skipReason("a machine without a libc to link", [
  [Bun.which("unshare") !== null && runWithout(LINKED, "").exitCode === 0, "needs a namespace of mounts"],
]);

test.skipIf(why !== null)("what stands in C is compiled without a libc to link", () => {
  const script = `
    const { loadNative } = await import("${OS}/native.ts");
    const { loadNativeProcesses } = await import("${OS}/native-processes.ts");
    const [row, { ptr }] = [new Int32Array(8), await import("bun:ffi")];
    console.log(loadNative().bootNanoseconds() > 0, loadNativeProcesses().readRow(process.pid, ptr(row)), row[0] === process.pid);
  `;
  const { stdout, stderr } = runWithout(LINKED, script);
  expect([stdout, stderr]).toEqual(["true 1 true\n", ""]);
});
