import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileProgram } from "./compile-program.ts";

const time = compileProgram("classic-daemon-time");
const signals = compileProgram("classic-daemon-signals");
const syslog = compileProgram("classic-daemon-syslog");

const DEADLINE_MS = 20_000;

let directory: string;
let pidFile: string;
let output: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "classic-daemons-"));
  pidFile = join(directory, "pid");
  output = join(directory, "output");
});

afterEach(() => {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
  if (pid > 1 && isAlive(pid)) process.kill(pid, "SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

describe.skipIf(time === null || signals === null || syslog === null)("a classic daemon", () => {
  test("leaves its starter, its directory, its terminal and its descriptors", async () => {
    const pid = await start(time);
    const [, parent, , session, terminal] = statOf(pid);
    expect(parent).not.toBe(process.pid);
    expect(session).toBe(pid);
    expect(terminal).toBe(0);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toContain("Umask:\t0000");
    expect([0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual([
      "/dev/null",
      "/dev/null",
      "/dev/null",
    ]);
  });

  test("that forks twice does not lead its session", async () => {
    const pid = await start(signals);
    const [, , , session] = statOf(pid);
    expect(session).not.toBe(pid);
  });

  test("of the time appends the time to its file again and again", async () => {
    await start(time);
    const text = await waitForOutput(/\n.*\n/);
    for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test("of signals logs the HUP and the TERM that it catches, and TERM ends it", async () => {
    const pid = await start(signals);
    await waitForOutput(/ready\n/);
    process.kill(pid, "SIGHUP");
    await waitForOutput(/HUP\n/);
    process.kill(pid, "SIGTERM");
    expect(await waitForOutput(/TERM\n/)).toBe("ready\nHUP\nTERM\n");
    await waitUntil(() => !existsSync(pidFile));
  });

  test("of signals shows the kernel which signals it catches", async () => {
    const pid = await start(signals);
    const caught = /^SigCgt:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    expect(BigInt(`0x${caught}`) & 0xffffn).toBe((1n << 0n) | (1n << 14n));
  });

  test("of syslog says what it reported and stops when told to", async () => {
    const pid = await start(syslog);
    await waitForOutput(/^started\nreport 1\n/);
    process.kill(pid, "SIGTERM");
    await waitForOutput(/\nstopped\n$/);
    await waitUntil(() => !existsSync(pidFile));
  });

  test("refuses a relative path with a line of usage", () => {
    const run = Bun.spawnSync([time ?? "", "pid", output], { stderr: "pipe" });
    expect(run.exitCode).toBe(2);
    expect(run.stderr.toString()).toStartWith("usage: ");
  });
});

async function start(program: string | null): Promise<number> {
  const run = Bun.spawnSync([program ?? "", pidFile, output]);
  expect(run.exitCode).toBe(0);
  await waitUntil(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"));
  return Number(readFileSync(pidFile, "utf8"));
}

async function waitForOutput(wanted: RegExp): Promise<string> {
  let text = "";
  await waitUntil(() => {
    text = existsSync(output) ? readFileSync(output, "utf8") : "";
    return wanted.test(text);
  });
  return text;
}

// Polled: a daemon that is nobody's child announces nothing.
async function waitUntil(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`still not so after ${DEADLINE_MS} ms: ${isSo.toString()}`);
    await Bun.sleep(10);
  }
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** State as 0, then parent, group, session and terminal, from /proc/PID/stat. */
function statOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [0, ...fields.slice(1, 5).map(Number)];
}
