/* A file system that does not answer keeps those waiting that need it, and nobody else. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileProgram } from "../compile-program.ts";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace } from "./test-supervisor.ts";

const mounter = compileProgram("silent-mount");

async function mountAt(directory: string): Promise<RunningCommand> {
  const mount = new RunningCommand([mounter ?? "", directory]);
  await Promise.race([mount.says("stdout", /mounted/), mount.ended]);
  return mount;
}

/** Whether such a thing can be had here is found out by trying. */
async function mayMount(): Promise<boolean> {
  if (process.getuid?.() !== 0 || mounter === null || !existsSync("/dev/fuse")) return false;
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-mount-"));
  await using mount = await mountAt(directory);
  const isMounted = mount.stdout.includes("mounted");
  if (isMounted) process.kill(mount.pid, "SIGTERM");
  await mount.ended;
  rmSync(directory, { recursive: true });
  return isMounted;
}

const why = skipReason("a file system that does not answer", [
  [await mayMount(), "needs root, a C compiler and the right to mount by /dev/fuse"],
]);

const SLEEPER = ["sleep", "1000"] as const;

test.skipIf(why !== null).each([
  ["an environment file", (path: string) => `environment_file = ["${path}"]`],
  ["a secret", (path: string) => `environment = { PW = { file = "${path}" } }`],
  ["a condition", (path: string) => `[condition]\nfile_not_empty = ["${path}"]`],
])("on which %s lies", async (_, keysFor) => {
  const place = new TestPlace({ "other.toml": program(SLEEPER) });
  mkdirSync(place.path("far"));
  place.write("../far/file", "A=1\n");
  place.write("web.toml", program(SLEEPER, `${keysFor(place.path("far", "file"))}\n[restart]\ndelay = "10ms"`));
  await using supervisor = await place.start();
  for (const name of ["web", "other"]) await supervisor.until(name, (view) => view.state === "up");
  await using mount = await mountAt(place.path("far"));

  await supervisor.command("restart", "--no-wait", "web");
  const held = await supervisor.until("web", (view) => view.state === "starting");
  expect(held.message).toContain("being looked at");
  expect(await supervisor.command("restart", "other")).toMatchObject({ code: 0 });
  // It need not be waited for in order to be given up.
  expect(await supervisor.command("stop", "web")).toMatchObject({ code: 0 });
  await supervisor.command("start", "--no-wait", "web");
  expect(await supervisor.service("web")).toMatchObject({ state: "starting", pid: null });

  process.kill(mount.pid, "SIGTERM");
  expect(await mount.ended).toMatchObject({ code: 0 });
  await supervisor.until("web", (view) => view.state === "up");
});
