import { expect, test } from "bun:test";
import { join } from "node:path";

const OS = join(import.meta.dir, "../../src/os");

test("the daemon's last words are over, also if it has no descriptor left", () => {
  const script = `
    const { openSync } = await import("node:fs");
    const { redirectStandardStreams, silenceStandardError } = await import("${OS}/become-daemon.ts");
    redirectStandardStreams(2);
    console.error("before");
    try { for (;;) openSync("/dev/null", "r"); } catch {}
    silenceStandardError();
    console.error("after");
  `;
  const words = ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh", process.execPath, "-e", script];
  const { exitCode, stderr } = Bun.spawnSync(words, { stdout: "ignore", stderr: "pipe" });
  expect([exitCode, stderr.toString()]).toEqual([0, "before\n"]);
});
