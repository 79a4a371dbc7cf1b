/* What the machine gives today and refuses tomorrow: processes and /proc. Services run on, and all is well when it is back. */
import { expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, hasEnded, run, signalProcess } from "./test-supervisor.ts";

const EAGER = '[restart]\ndelay = "20ms"\nmax_delay = "50ms"';
const isRoot = process.getuid?.() === 0;

const noTracer = skipReason("a clone that fails", [
  [Bun.which("strace") !== null, "there is no strace"],
  [Bun.spawnSync(["strace", "-o", "/dev/null", "true"]).success, "nothing can be traced"],
]);

/** Has every clone of the process fail until it is disposed of; threads begin by another call. */
async function withoutClone(pid: number): Promise<AsyncDisposable> {
  const words = ["-e", "trace=clone", "-e", "inject=clone:error=ENOMEM", "-p", String(pid), "-o", "/dev/null"];
  const strace = new RunningCommand(["strace", ...words]);
  await strace.says("stderr", /attached/);
  return {
    async [Symbol.asyncDispose]() {
      strace.kill("SIGINT");
      await strace.ended;
    },
  };
}

test.skipIf(noTracer !== null)(
  "while no process can be made services wait with the reason, the others run on, and all run again after",
  async () => {
    await using supervisor = await TestSupervisor.start({
      "calm.toml": program(["sleep", "1000"]),
      "web.toml": program(["sleep", "1000"], EAGER),
    });
    const [calm, web] = [await supervisor.until("calm", isUp), await supervisor.until("web", isUp)];
    {
      await using _without = await withoutClone(supervisor.supervisorPid);
      signalProcess(web.pid, "SIGKILL");
      await supervisor.until(
        "web",
        ({ state, message }) => state === "backoff" && message?.includes("ENOMEM") === true,
      );
      supervisor.place.write("added.toml", program(["sleep", "1000"]));
      const reload = await supervisor.command("reload");
      expect([reload.code, reload.stdout + reload.stderr]).toEqual([6, expect.stringContaining("ENOMEM")]);
      expect(await supervisor.service("calm")).toMatchObject({ state: "up", pid: calm.pid, restarts: 0 });
    }
    await supervisor.until("web", isUp);
    expect((await supervisor.command("reload")).code).toBe(0);
    await supervisor.until("added", isUp);
    expect(await supervisor.service("calm")).toMatchObject({ state: "up", pid: calm.pid, restarts: 0 });
    await supervisor.place.logged("ENOMEM");
    expect(supervisor.place.ownLog()).not.toContain("internal error");
  },
);

const UNSHARE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--mount", "--propagation", "private"];
const canHide = Bun.spawnSync([...UNSHARE, "mount", "-t", "tmpfs", "none", "/proc"]).success;
const noHiding = skipReason("a lost /proc", [[canHide, "nothing can be mounted over /proc"]]);

/** Runs a command among the mounts of the process. */
async function among(pid: number, ...words: readonly string[]): Promise<void> {
  const user = isRoot ? [] : ["--user", "--preserve-credentials"];
  expect(await run(["nsenter", `--target=${pid}`, ...user, "--mount", ...words])).toMatchObject({ code: 0 });
}

test.skipIf(noHiding !== null)(
  "with something else where /proc was services are seen to end, started, and stopped with all that they have left",
  async () => {
    using place = new TestPlace({
      "calm.toml": program(["sleep", "1000"]),
      "web.toml": shell("echo begins; exec sleep 1000", EAGER),
      "family.toml": shell(
        "sleep 2000 & (setsid sleep 3000 &); exec sleep 1000",
        `${EAGER}\n[stop]\ntimeout = "300ms"`,
      ),
    });
    await using supervisor = await place.start({ wrapper: UNSHARE });
    const [calm, web, family] = [
      await supervisor.until("calm", isUp),
      await supervisor.until("web", isUp),
      await supervisor.until("family", isUp),
    ];
    const before = place.marked();
    await among(supervisor.supervisorPid, "mount", "-t", "tmpfs", "none", "/proc");

    signalProcess(web.pid, "SIGKILL");
    await supervisor.until("web", (view) => isUp(view) && view.pid !== web.pid);
    expect((await supervisor.command("restart", "web", "--timeout", "5s")).code).toBe(0);
    expect((await supervisor.command("status")).code).toBe(0);
    expect((await supervisor.command("stop", "family", "--timeout", "5s")).code).toBe(0);
    expect(place.marked().filter((pid) => before.includes(pid))).toEqual([calm.pid ?? 0]);
    // Another process of ours, which reads the files, cannot be had.
    place.write("added.toml", program(["sleep", "1000"]));
    const reload = await supervisor.command("reload");
    expect([reload.code === 0, reload.stderr]).toEqual([
      false,
      expect.stringContaining("cannot read the configuration"),
    ]);
    expect(await supervisor.service("calm")).toMatchObject({ state: "up", pid: calm.pid, restarts: 0 });
    expect(hasEnded(supervisor.pid) || hasEnded(supervisor.supervisorPid)).toBe(false);
    expect(hasEnded(family.pid ?? 0)).toBe(true);
    expect((await supervisor.command("start", "family")).code).toBe(0);
    supervisor.kill("SIGTERM");
    await supervisor.gone();
    expect(place.marked()).toEqual([]);
    expect(place.ownLog()).not.toContain("internal error");
  },
);

function isUp({ state }: { readonly state: string }): boolean {
  return state === "up";
}
