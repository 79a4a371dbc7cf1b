import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { OWN_PID } from "../../src/core/own-pid.ts";
import type { SpawnRequest, SpawnStage } from "../../src/os/spawn-request.ts";
import { Spawner, type SpawnResult } from "../../src/os/spawn.ts";
import {
  commandOf,
  expectChild,
  hasCapability,
  isRoot,
  makeScratch,
  outputOf,
  reap,
  requestOf,
  statFieldOf,
  statusFieldOf,
} from "./spawn-kit.ts";

const CAP_SYS_RESOURCE = 24n;

let spawner: Spawner;
beforeAll(() => {
  spawner = new Spawner();
});
afterAll(() => spawner[Symbol.dispose]());

const spawn = (request: SpawnRequest): SpawnResult => spawner.spawn(request, 10_000);
const read = (change: Partial<SpawnRequest>): string => outputOf(spawn, change);
const failure = (change: Partial<SpawnRequest>): SpawnResult => spawn(requestOf(change));
const failed = (stage: SpawnStage, errno: string): SpawnResult => ({ tag: "failed", stage, errno });

describe("a child gets what was asked", () => {
  test("arguments and environment, and nothing of the parent's", () => {
    const args = ["", "two words", "ü€😀", "'quoted'"];
    expect(read(commandOf("/usr/bin/printf", "%s\\n", ...args))).toBe(`${args.join("\n")}\n`);
    expect(read({ ...commandOf("/bin/cat", "/proc/self/environ"), env: ["A=1", "B=ü", "C="] })).toBe("A=1\0B=ü\0C=\0");
    expect(read({ ...commandOf("/bin/cat", "/proc/self/environ"), env: [] })).toBe("");
  });

  test("its own pid in LISTEN_PID where the request leaves room for it, and nowhere else", () => {
    const env = ["A=1", `X_LISTEN_PID=${OWN_PID}`, `LISTEN_PID=${OWN_PID}`, `LISTEN_FDS=${OWN_PID}`, "B=2"];
    const text = read({ ...commandOf("/bin/sh", "-c", "cat /proc/self/environ; echo $$"), env });
    const variables = text.slice(0, text.lastIndexOf("\0")).split("\0");
    const pid = text.slice(text.lastIndexOf("\0") + 1).trim();
    expect(variables).toEqual(expect.arrayContaining(["A=1", "B=2", `LISTEN_PID=${pid}`, `LISTEN_FDS=${OWN_PID}`]));
    expect(variables).toContain(`X_LISTEN_PID=${OWN_PID}`);
    const others = ["LISTEN_PID=5", "LISTEN_PID=", `LISTEN_PID=${OWN_PID} `, `LISTEN_PID=${OWN_PID.slice(1)}`];
    for (const other of others)
      expect(read({ ...commandOf("/bin/cat", "/proc/self/environ"), env: [other] })).toBe(`${other}\0`);
  });

  test("an environment of a megabyte", () => {
    const env = Array.from({ length: 100 }, (_, index) => `V${index}=${"x".repeat(10_000)}`);
    expect(read({ ...commandOf("/bin/cat", "/proc/self/environ"), env })).toBe(`${env.join("\0")}\0`);
  });

  test("a session and a group of its own", () => {
    const child = expectChild(spawn(requestOf(commandOf("/bin/sleep", "10"))));
    const ids = [statFieldOf(child.pid, 5), statFieldOf(child.pid, 6)];
    process.kill(child.pid, "SIGKILL");
    expect(reap(child)).toBe(-9);
    expect(ids).toEqual([String(child.pid), String(child.pid)]);
  });

  test("directory and umask", () => {
    using scratch = makeScratch();
    const inner = join(scratch.path, "inner");
    mkdirSync(inner);
    expect(read({ ...commandOf("/bin/pwd"), directory: inner })).toBe(`${inner}\n`);
    expect(statusFieldOf(read({ ...commandOf("/bin/cat", "/proc/self/status"), umask: 0o137 }), "Umask")).toBe("0137");
  });

  test("nice and no_new_privs, and neither unless asked", () => {
    const own = Number(statFieldOf(process.pid, 19));
    const niceOf = (nice: number | null) =>
      read({ ...commandOf("/bin/cat", "/proc/self/stat"), nice })
        .split(") ")[1]
        ?.split(" ")[16];
    expect(niceOf(null)).toBe(String(own));
    expect(niceOf(own + 3)).toBe(String(own + 3));
    const statusOf = (noNewPrivileges: boolean) =>
      read({ ...commandOf("/bin/cat", "/proc/self/status"), noNewPrivileges });
    expect(statusFieldOf(statusOf(false), "NoNewPrivs")).toBe("0");
    expect(statusFieldOf(statusOf(true), "NoNewPrivs")).toBe("1");
  });

  test("limits, and 1024 descriptors without being asked", () => {
    const limits = (change: Partial<SpawnRequest>) =>
      read({ ...commandOf("/bin/cat", "/proc/self/limits"), ...change });
    const hard = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "";
    expect(limits({})).toMatch(new RegExp(`Max open files\\s+${Math.min(1024, Number(hard))}\\s+${hard}\\s`));
    const asked = limits({
      limits: [
        { resource: "nofile", soft: 100, hard: 200 },
        { resource: "core", soft: 0, hard: 5_000_000_000 },
        { resource: "cpu", soft: 3600, hard: Number.POSITIVE_INFINITY },
      ],
    });
    expect(asked).toMatch(/Max open files\s+100\s+200\s/);
    expect(asked).toMatch(/Max core file size\s+0\s+5000000000\s/);
    expect(asked).toMatch(/Max cpu time\s+3600\s+unlimited\s/);
  });

  test.skipIf(!isRoot)("user, group and exactly the groups asked (only as root)", () => {
    const credentials = { uid: 65534, gid: 65533, groups: [65533, 7, 4_000_000_000] };
    const status = read({ ...commandOf("/bin/cat", "/proc/self/status"), credentials });
    expect(statusFieldOf(status, "Uid")).toBe("65534\t65534\t65534\t65534");
    expect(statusFieldOf(status, "Gid")).toBe("65533\t65533\t65533\t65533");
    expect(statusFieldOf(status, "Groups")).toBe("7 65533 4000000000");
    expect(statusFieldOf(status, "CapEff")).toBe("0000000000000000");
  });

  test("a pidfd that stands for it", () => {
    const child = expectChild(spawn(requestOf({})));
    const info = readFileSync(`/proc/self/fdinfo/${child.pidfd}`, "utf8");
    expect(statusFieldOf(info, "Pid")).toBe(String(child.pid));
    expect(Number.parseInt(statusFieldOf(info, "flags"), 8) & 0o2000000).toBe(0o2000000);
    expect(reap(child)).toBe(0);
  });
});

describe("descriptors", () => {
  test("0 is /dev/null and nothing else is open", () => {
    const stray = [openSync("/dev/zero", "r"), openSync("/etc/passwd", "r")];
    const listing = read(commandOf("/bin/ls", "-l", "/proc/self/fd"));
    for (const fd of stray) closeSync(fd);
    const links = [...listing.matchAll(/ (\d+) -> (\S+)/g)].map((match) => [match[1], match[2]]);
    expect(links.map(([fd]) => fd)).toEqual(["0", "1", "2", "3"]);
    expect(links[0]?.[1]).toBe("/dev/null");
    // ls itself has the directory open.
    expect(links[3]?.[1]).toMatch(/^\/proc\/\d+\/fd$/);
  });

  test("passed ones become 3, 4, ... in order, also when the numbers cross or repeat", () => {
    using scratch = makeScratch();
    const files = ["a", "b", "c", "d"].map((name) => join(scratch.path, name));
    const fds = files.map((path) => openSync(path, "w"));
    const reversed = [...fds].reverse();
    const first = reversed[0] ?? -1;
    const child = expectChild(
      spawn(
        requestOf({
          ...commandOf("/bin/sh", "-c", "for n in 1 3 4 5 6 7; do echo $n >&$n; done"),
          stdout: first,
          passed: [...reversed, first],
        }),
      ),
    );
    expect(reap(child)).toBe(0);
    for (const fd of fds) closeSync(fd);
    expect(files.map((path) => readFileSync(path, "utf8"))).toEqual(["6\n", "5\n", "4\n", "1\n3\n7\n"]);
  });

  test("numbers that are both source and target are not overwritten before they are used", () => {
    const listing = read({ ...commandOf("/bin/ls", "-l", "/proc/self/fd"), stderr: 1, passed: [2, 0] });
    const linkOf = (fd: number) => new RegExp(` ${fd} -> (.*)`).exec(listing)?.[1];
    const own = [1, 2, 0].map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
    expect([2, 3, 4].map(linkOf)).toEqual(own);
  });
});

describe("signals", () => {
  test("nothing is blocked, ignored or caught in the child, whatever it is in the parent", () => {
    const handler = () => {};
    process.on("SIGUSR2", handler);
    const own = readFileSync("/proc/self/status", "utf8");
    const status = read(commandOf("/bin/cat", "/proc/self/status"));
    process.off("SIGUSR2", handler);
    // The runtime ignores some itself, so that there is something to undo.
    expect(BigInt(`0x${statusFieldOf(own, "SigIgn")}`)).not.toBe(0n);
    for (const field of ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"])
      expect(statusFieldOf(status, field)).toBe("0".repeat(16));
  });

  test("the parent's own mask is as before", () => {
    const mask = () => statusFieldOf(readFileSync("/proc/thread-self/status", "utf8"), "SigBlk");
    const before = mask();
    expect(reap(expectChild(spawn(requestOf({}))))).toBe(0);
    expect(mask()).toBe(before);
  });
});

describe("a failure names its stage and leaves nothing", () => {
  const children = () => readFileSync("/proc/thread-self/children", "utf8");

  test("exec", () => {
    using scratch = makeScratch();
    const before = children();
    expect(failure({ path: "/nonexistent" })).toEqual(failed("exec", "ENOENT"));
    expect(failure({ path: scratch.path })).toEqual(failed("exec", "EACCES"));
    expect(failure({ path: "/etc/passwd/x" })).toEqual(failed("exec", "ENOTDIR"));
    expect(failure({ argv: ["x".repeat(200_000)] })).toEqual(failed("exec", "E2BIG"));
    expect(failure({ argv: ["x".repeat(10_000_000)] })).toEqual(failed("exec", "E2BIG"));
    expect(children()).toBe(before);
  });

  test("a NUL inside an argument is refused, it would become another variable", () => {
    expect(failure({ argv: ["true", "a\0LD_PRELOAD=b"] })).toEqual(failed("exec", "EINVAL"));
    expect(failure({ env: ["A=\0B=1"] })).toEqual(failed("exec", "EINVAL"));
  });

  test("chdir", () => {
    expect(failure({ directory: "/nonexistent" })).toEqual(failed("chdir", "ENOENT"));
  });

  test("stdio and passed descriptors", () => {
    expect(failure({ stdout: 9_999 })).toEqual(failed("stdio", "EBADF"));
    expect(failure({ passed: [9_999] })).toEqual(failed("fds", "EBADF"));
  });

  test("limits, by name", () => {
    expect(failure({ limits: [{ resource: "stack", soft: 2, hard: 1 }] })).toEqual(failed("rlimit stack", "EINVAL"));
  });

  test.skipIf(!isRoot)("the directory is judged with the rights of the service (only as root)", () => {
    using scratch = makeScratch();
    const closed = join(scratch.path, "closed");
    mkdirSync(closed, { mode: 0o700 });
    expect(failure({ directory: closed, credentials: { uid: 65534, gid: 65534, groups: [] } })).toEqual(
      failed("chdir", "EACCES"),
    );
    expect(reap(expectChild(failure({ directory: closed })))).toBe(0);
  });

  test.skipIf(isRoot)("credentials and priorities that only root may set (only as an ordinary user)", () => {
    expect(failure({ credentials: { uid: 0, gid: 0, groups: [] } })).toEqual(failed("groups", "EPERM"));
    expect(failure({ nice: -5 })).toEqual(failed("nice", "EACCES"));
  });

  test.skipIf(hasCapability(CAP_SYS_RESOURCE))(
    "an oom score that may not be lowered (only without CAP_SYS_RESOURCE)",
    () => {
      expect(failure({ oomScoreAdjust: -500 })).toEqual(failed("oom_score_adjust", "EACCES"));
    },
  );

  test("descriptors of the parent are the same after failures", () => {
    const count = () => readdirSync("/proc/self/fd").length;
    const before = count();
    for (let index = 0; index < 50; index++) failure({ path: "/nonexistent" });
    expect(count()).toBe(before);
  });
});

describe("the oom score", () => {
  const own = () => readFileSync("/proc/self/oom_score_adj", "utf8").trim();

  /** The scores of the child and of this process after a spawn that asked for `score`. */
  function scoresAfter(score: number): readonly string[] {
    const child = expectChild(spawn(requestOf({ ...commandOf("/bin/sleep", "10"), oomScoreAdjust: score })));
    const scores = [readFileSync(`/proc/${child.pid}/oom_score_adj`, "utf8").trim(), own()];
    process.kill(child.pid, "SIGKILL");
    expect(reap(child)).toBe(-9);
    return scores;
  }

  test("is the child's alone, although it shares the parent's memory until its exec", () => {
    const before = own();
    const score = Number(before) + 137;
    for (let index = 0; index < 100; index++) expect(scoresAfter(score)).toEqual([String(score), before]);
  });

  test.skipIf(!hasCapability(CAP_SYS_RESOURCE))("can be lowered (only with CAP_SYS_RESOURCE)", () => {
    const before = own();
    expect(scoresAfter(Number(before) - 10)).toEqual([String(Number(before) - 10), before]);
  });
});
