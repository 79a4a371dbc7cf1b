import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OomScore } from "../../src/os/oom-score.ts";
import { Spawner, type PendingOutcome } from "../../src/os/spawn.ts";
import {
  commandOf,
  expectChild,
  isReaped,
  isRoot,
  makeHangingFile,
  makeScratch,
  reap,
  requestOf,
  statFieldOf,
  statusFieldOf,
  until,
} from "./spawn-kit.ts";

/*
 * A child between its setuid and its exec is got hold of by an exec that hangs: then it can be stopped, killed and looked
 * at there as its own user could do it at a less convenient moment.
 */

let spawner: Spawner;
beforeAll(() => {
  spawner = new Spawner();
});
afterAll(() => spawner[Symbol.dispose]());

const WAIT_MS = 20;
const probe = makeHangingFile({ text: "" });
const cannotHang = probe === null;
probe?.[Symbol.dispose]();
const credentials = isRoot ? { uid: 65534, gid: 65534, groups: [] } : null;

function hang(content: Parameters<typeof makeHangingFile>[0]): NonNullable<ReturnType<typeof makeHangingFile>> {
  const file = makeHangingFile(content);
  if (file === null) throw new Error("no file system with leases");
  return file;
}

async function outcome(): Promise<PendingOutcome> {
  let outcomes: readonly PendingOutcome[] = [];
  await until("an outcome", () => {
    outcomes = spawner.poll();
    return outcomes.length > 0;
  });
  expect(outcomes.length).toBe(1);
  return outcomes[0] as PendingOutcome;
}

test.skipIf(cannotHang)("a child that hangs in exec is pending, and spawned once it goes on", async () => {
  using file = hang({ copyOf: "/bin/true" });
  const result = spawner.spawn(requestOf({ path: file.path, credentials }), WAIT_MS);
  const child = expectChild(result);
  expect(result.tag).toBe("pending");
  expect(spawner.poll()).toEqual([]);
  expect(spawner.pendingCount).toBe(1);
  file.release();
  expect(await outcome()).toEqual({ tag: "spawned", pid: child.pid });
  expect(spawner.pendingCount).toBe(0);
  expect(reap(child)).toBe(0);
});

test.skipIf(cannotHang)(
  "a child that its own user stops before its exec is pending until it is continued",
  async () => {
    using file = hang({ copyOf: "/bin/true" });
    const child = expectChild(spawner.spawn(requestOf({ path: file.path, credentials }), 0));
    if (isRoot) {
      await until("the child has its credentials", () =>
        statusFieldOf(readFileSync(`/proc/${child.pid}/status`, "utf8"), "Uid").startsWith("65534"),
      );
    }
    await until("the child waits in exec", () => statFieldOf(child.pid, 3) === "S");
    process.kill(child.pid, "SIGSTOP");
    await until("the child is stopped", () => statFieldOf(child.pid, 3) === "T");
    file.release();
    expect(spawner.poll()).toEqual([]);
    expect(statFieldOf(child.pid, 3)).toBe("T");
    process.kill(child.pid, "SIGCONT");
    expect(await outcome()).toEqual({ tag: "spawned", pid: child.pid });
    expect(reap(child)).toBe(0);
  },
);

test.skipIf(cannotHang)("other children are started meanwhile, and a pending one keeps its own request", async () => {
  using file = hang({ copyOf: "/bin/cat" });
  using scratch = makeScratch();
  const path = join(scratch.path, "out");
  const fd = openSync(path, "w");
  const request = requestOf({
    path: file.path,
    argv: ["cat", "/proc/self/environ"],
    env: ["MINE=1"],
    stdout: fd,
    credentials,
  });
  const child = expectChild(spawner.spawn(request, 0));
  closeSync(fd);
  for (let index = 0; index < 20; index++) {
    const other = spawner.spawn(requestOf({ env: [`OTHER=${"x".repeat(index * 1_000)}`] }), 10_000);
    expect(other.tag).toBe("spawned");
    expect(reap(expectChild(other))).toBe(0);
  }
  Bun.gc(true);
  file.release();
  expect(await outcome()).toEqual({ tag: "spawned", pid: child.pid });
  expect(reap(child)).toBe(0);
  expect(readFileSync(path, "utf8")).toBe("MINE=1\0");
});

test.skipIf(cannotHang)("a pending child that fails is told by poll, reaped", async () => {
  using file = hang({ text: "no program" });
  const child = expectChild(spawner.spawn(requestOf({ path: file.path, credentials }), WAIT_MS));
  file.release();
  expect(await outcome()).toEqual({ tag: "failed", pid: child.pid, stage: "exec", errno: "ENOEXEC" });
  expect(isReaped(child.pid)).toBe(true);
  expect(() => readFileSync(`/proc/self/fdinfo/${child.pidfd}`)).toThrow();
});

test.skipIf(cannotHang)(
  "a SIGTERM to a child before its exec ends the child, and no handler of the parent runs in it",
  async () => {
    using file = hang({ copyOf: "/bin/true" });
    let seen = 0;
    const arrived = Promise.withResolvers<void>();
    const handler = () => {
      seen++;
      arrived.resolve();
    };
    process.on("SIGTERM", handler);
    const child = expectChild(spawner.spawn(requestOf({ path: file.path, credentials }), WAIT_MS));
    process.kill(child.pid, "SIGTERM");
    await until("the child has ended", () => statFieldOf(child.pid, 3) === "Z");
    expect(spawner.poll()).toEqual([{ tag: "spawned", pid: child.pid }]);
    expect(reap(child)).toBe(-15);
    // A signal of the parent's own comes through, so that one more would have been counted.
    process.kill(process.pid, "SIGTERM");
    await arrived.promise;
    process.off("SIGTERM", handler);
    expect(seen).toBe(1);
  },
);

test("a SIGTERM that waits while the child still has all signals blocked ends it when it opens its mask", async () => {
  let seen = 0;
  const arrived = Promise.withResolvers<void>();
  const handler = () => {
    seen++;
    arrived.resolve();
  };
  process.on("SIGTERM", handler);
  // So many that the child is caught on its way to the mask.
  const limits = Array.from({ length: 50_000 }, () => ({ resource: "core", soft: 0, hard: 0 }) as const);
  let caught = false;
  for (let attempt = 0; attempt < 50 && !caught; attempt++) {
    const child = expectChild(spawner.spawn(requestOf({ ...commandOf("/bin/sleep", "0"), limits }), 0));
    process.kill(child.pid, "SIGSTOP");
    await until("the child is stopped or has ended", () => "TZ".includes(statFieldOf(child.pid, 3)));
    caught = statusFieldOf(readFileSync(`/proc/${child.pid}/status`, "utf8"), "SigBlk") !== "0".repeat(16);
    if (caught) process.kill(child.pid, "SIGTERM");
    process.kill(child.pid, "SIGCONT");
    await until("the child has ended", () => statFieldOf(child.pid, 3) === "Z");
    expect(spawner.poll()).toEqual([{ tag: "spawned", pid: child.pid }]);
    expect(reap(child)).toBe(caught ? -15 : 0);
  }
  expect(caught).toBe(true);
  process.kill(process.pid, "SIGTERM");
  await arrived.promise;
  process.off("SIGTERM", handler);
  expect(seen).toBe(1);
});

test.skipIf(cannotHang)("a pending child that is killed is decided, and its end is seen as usual", async () => {
  using file = hang({ copyOf: "/bin/true" });
  const child = expectChild(spawner.spawn(requestOf({ path: file.path, credentials }), WAIT_MS));
  process.kill(child.pid, "SIGKILL");
  expect(await outcome()).toEqual({ tag: "spawned", pid: child.pid });
  expect(reap(child)).toBe(-9);
});

test.skipIf(cannotHang)("the oom score is given when a pending child has executed", async () => {
  using file = hang({ copyOf: "/bin/sleep" });
  const own = readFileSync("/proc/self/oom_score_adj", "utf8");
  const score = Number(own) + 77;
  const child = expectChild(
    spawner.spawn(requestOf({ path: file.path, argv: ["sleep", "10"], oomScoreAdjust: score }), WAIT_MS),
  );
  expect(readFileSync(`/proc/${child.pid}/oom_score_adj`, "utf8")).toBe(own);
  file.release();
  expect(await outcome()).toEqual({ tag: "spawned", pid: child.pid });
  expect(readFileSync(`/proc/${child.pid}/oom_score_adj`, "utf8")).toBe(`${score}\n`);
  expect(readFileSync("/proc/self/oom_score_adj", "utf8")).toBe(own);
  process.kill(child.pid, "SIGKILL");
  reap(child);
});

test.skipIf(cannotHang)(
  "a score given a moment too early, while the memory is still shared, does not stay with the parent",
  () => {
    using file = hang({ copyOf: "/bin/true" });
    using scores = new OomScore();
    const own = scores.read();
    const child = expectChild(spawner.spawn(requestOf({ path: file.path }), WAIT_MS));
    const killer = expectChild(
      spawner.spawn(requestOf(commandOf("/bin/sh", "-c", `sleep 0.05; kill -9 ${child.pid}`)), 10_000),
    );
    expect(scores.give(child.pid, own + 99)).toBe(0);
    expect(scores.read()).toBe(own);
    expect(reap(killer)).toBe(0);
    expect(spawner.poll()).toEqual([{ tag: "spawned", pid: child.pid }]);
    expect(reap(child)).toBe(-9);
  },
);
