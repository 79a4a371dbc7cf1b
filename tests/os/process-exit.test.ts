import { expect, test } from "bun:test";
import { release } from "node:os";
import type { Exit } from "../../src/core/exit.ts";
import { readProcessExit, readUnreapedExit } from "../../src/os/process-exit.ts";
import { closeFd, openPidfd } from "../../src/os/signalling.ts";
import { Spawner } from "../../src/os/spawn.ts";
import { untilTrue } from "../scenarios/test-supervisor.ts";
import { commandOf, expectChild, reap, requestOf } from "./spawn-kit.ts";

/** Kernels from 6.15 on tell it also after the process was reaped. */
const [major = 0, minor = 0] = release().split(".").map(Number);
const isTold = major > 6 || (major === 6 && minor >= 15);

test.each<[string, Exit]>([
  ["exit 7", { tag: "code", code: 7 }],
  ["exit 0", { tag: "code", code: 0 }],
  ["kill -TERM $$", { tag: "signal", signal: "SIGTERM", dumped: false }],
])("how a process ended is told before and after it is reaped: %s", async (script, exit) => {
  using spawner = new Spawner();
  const child = expectChild(spawner.spawn(requestOf(commandOf("/bin/sh", "-c", `sleep 0.1; ${script}`)), 10_000));
  const pidfd = openPidfd(child.pid) ?? -1;
  expect(readProcessExit(child.pid, pidfd)).toBeNull();
  await untilTrue(() => readUnreapedExit(child.pid) !== null);
  expect(readProcessExit(child.pid, pidfd)).toEqual(exit);
  reap(child);
  expect(readUnreapedExit(child.pid)).toBeNull();
  expect(readProcessExit(child.pid, pidfd)).toEqual(isTold ? exit : null);
  closeFd(pidfd);
});
