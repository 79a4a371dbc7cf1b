/* What must not take the place of a supervisor does not, and nothing is changed by the attempt. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  readSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { VersionView } from "../../src/control/control-port.ts";
import { compileProgram } from "../compile-program.ts";
import { program, shell } from "./definitions.ts";
import { putProgram } from "./other-version.ts";
import { isStopped } from "./proc.ts";
import { connectionsTo } from "./socket-clients.ts";
import { BINARY, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const fake = compileProgram("new-program");
const SLEEPER = { "sleeper.toml": program(["sleep", "1000"]) };

interface Wrong {
  readonly what: string;
  /** Makes it; returns its path. */
  readonly make: (supervisor: TestSupervisor) => string;
  readonly reason: RegExp;
}

const WRONG: readonly Wrong[] = [
  { what: "a file that is not there", make: ({ place }) => place.path("nothing"), reason: /ENOENT/ },
  { what: "a directory", make: ({ place }) => place.path(), reason: /it is a directory/ },
  {
    what: "another program",
    make: () => "/bin/true",
    reason: /no daemonsup that could go on from here: it said nothing/,
  },
  {
    what: "a script",
    make: ({ place }) => written(place.path("script"), "#!/bin/sh\nwhile :; do sleep 1; done\n", 0o755),
    reason: /no program of the machine's own kind/,
  },
  {
    what: "a file that may not be executed",
    make: ({ place }) => written(place.path("text"), "text", 0o644),
    reason: /EACCES|no program/,
  },
];

function written(path: string, text: string, mode: number): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** That nothing has changed: the same processes, of the same program, and a supervisor that does what it is asked. */
async function expectUnchanged(supervisor: TestSupervisor, pids: readonly (number | null)[]): Promise<void> {
  expect((await supervisor.services()).map(({ pid }) => pid)).toEqual([...pids]);
  for (const pid of [supervisor.pid, supervisor.supervisorPid]) expect(readlinkSync(`/proc/${pid}/exe`)).toBe(BINARY);
  expect((await supervisor.command("reload")).code).toBe(0);
}

async function refused(supervisor: TestSupervisor, path: string, reason: RegExp): Promise<void> {
  const pids = (await supervisor.services()).map(({ pid }) => pid);
  const { code, stdout, stderr } = await supervisor.command("upgrade", "--binary", path);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(reason);
  const [message = ""] = stderr.match(/^cannot upgrade to .*$/m) ?? [];
  expect(message).toStartWith(`cannot upgrade to "${path}": `);
  await untilTrue(() => supervisor.place.ownLog().includes(message));
  await expectUnchanged(supervisor, pids);
}

describe("is refused as a new program:", () => {
  for (const { what, make, reason } of WRONG) {
    test(what, async () => {
      await using supervisor = await TestSupervisor.start(SLEEPER);
      await refused(supervisor, make(supervisor), reason);
    });
  }

  test.skipIf(fake === null)("one that says more and more", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    await refused(supervisor, putProgram(supervisor.place, "talks", fake ?? ""), /says more than an answer/);
  });

  test.skipIf(fake === null)("one that does not answer", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    await refused(supervisor, putProgram(supervisor.place, "hangs-at-once", fake ?? ""), /did not answer within 10 s/);
  });

  test.skipIf(process.getuid?.() !== 0)("as root, a file that others may write", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    const path = putProgram(supervisor.place, "open", BINARY);
    chmodSync(path, 0o775);
    await refused(supervisor, path, /others than root may write it \(mode 0775\)/);
  });

  test("this very one, if the records are of a version to come", async () => {
    await using supervisor = await TestSupervisor.start(SLEEPER);
    ageRecords(supervisor.place.path("run", "records"), 99);
    await refused(supervisor, BINARY, /cannot go on with what is written down: .*version 99/);
    ageRecords(supervisor.place.path("run", "records"), 2);
    expect((await supervisor.command("upgrade", "--binary", BINARY)).code).toBe(0);
  });
});

/** Says of both halves of the file that their texts are of this version. */
function ageRecords(path: string, version: number): void {
  const PAGE = 4096;
  const HALF = 16 * 1024 * 1024;
  const fd = openSync(path, "r+");
  const words = Buffer.alloc(8);
  for (const half of [PAGE, PAGE + HALF]) {
    readSync(fd, words, 0, 8, half + 8);
    if (words.readUInt32LE(0) === 0) continue;
    words.writeUInt32LE(version, 0);
    words.writeUInt32LE(~version >>> 0, 4);
    writeSync(fd, words, 0, 8, half + 8);
  }
  closeSync(fd);
}

describe("a new program that passes the probe and then", () => {
  for (const [name, reason] of [
    ["crashes", /killed by SIGSEGV/],
    ["hangs", /it was not up within 10 s/],
  ] as const) {
    test.skipIf(fake === null)(`${name} is followed by the old one`, async () => {
      await using first = await TestSupervisor.start({
        ...SLEEPER,
        "writer.toml": shell("i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done"),
      });
      const before = (await first.services()).map(({ pid }) => pid);
      const path = putProgram(first.place, name, fake ?? "");
      const { code, stderr } = await first.command("upgrade", "--binary", path);
      expect(code).toBe(1);
      expect(stderr).toMatch(reason);
      const version = (await (await first.request("GET", "/v1/version")).json()) as VersionView;
      expect(version.upgrade).toMatchObject({ to: "6.6.6", result: "failed", binary: path });
      expect(version.binary).toBe(BINARY);
      expect((await first.command("version")).stdout).toMatch(/the upgrade to 6\.6\.6 .* failed: /);
      expect((await first.command("doctor")).stdout).toMatch(/the upgrade to 6\.6\.6 .* failed: /);
      expect((await first.services()).map(({ pid }) => pid)).toEqual(before);
      await first.place.logged(`cannot upgrade to "${path}"`);
      await using next = await TestSupervisor.connect(first.place);
      await next.command("shutdown");
      const numbers = readFileSync(first.place.path("log", "writer.log"), "utf8")
        .trim()
        .split("\n")
        .map((line) => Number(line.split(" ").at(-1)));
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    });
  }
});

test("two upgrades at once are one, and a shutdown leaves none", async () => {
  await using first = await TestSupervisor.start({
    "deaf.toml": shell('trap "" TERM; echo deaf; while :; do sleep 1; done'),
  });
  await first.line("deaf", (text) => text === "deaf");
  // It hears of both before it begins with the first.
  const socket = first.place.path("run", "control.sock");
  signalProcess(first.supervisorPid, "SIGSTOP");
  // Then it closes none of those that it has.
  await untilTrue(() => isStopped(first.supervisorPid));
  const before = connectionsTo(socket);
  const asked = [first.command("upgrade"), first.command("upgrade")];
  await untilTrue(() => connectionsTo(socket) >= before + asked.length);
  signalProcess(first.supervisorPid, "SIGCONT");
  expect((await Promise.all(asked)).map(({ code }) => code)).toEqual([0, 0]);
  await first.place.logged("makes room");
  expect(first.place.ownLog().match(/makes room/g)).toHaveLength(1);
  const ending = first.command("shutdown");
  await untilTrue(() => first.place.ownLog().includes("shutting down"));
  const { code, stderr } = await first.command("upgrade");
  expect(code).toBe(1);
  expect(stderr).toContain("the supervisor is shutting down");
  process.kill(first.pid, "SIGQUIT");
  await ending;
});
