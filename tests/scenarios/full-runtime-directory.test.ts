/* The runtime directory has no room left: a file system of its own that somebody has filled. */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, hasEnded, run, signalProcess, untilTrue } from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;
const UNSHARE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--mount"];
const canMount = Bun.spawnSync([...UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]).success;
const skipped = skipReason("a full runtime directory", [[canMount, "file systems cannot be mounted"]]) !== null;

/** A place whose runtime directory is a file system of its own, there for as long as a process that has mounted it. */
class SmallPlace extends TestPlace {
  override readonly runtime: string;

  constructor(files: Readonly<Record<string, string>>, disk: RunningCommand) {
    super(files);
    this.runtime = `/proc/${disk.pid}/root/mnt`;
  }
}

async function mountDisk(size: string): Promise<RunningCommand> {
  const script = 'mount -t tmpfs -o "size=$1,mode=700" none /mnt && echo mounted && exec sleep 1000';
  const command = new RunningCommand([...UNSHARE, "sh", "-c", script, "sh", size]);
  await command.says("stdout", /mounted/);
  return command;
}

async function fill(place: TestPlace): Promise<void> {
  await run(["sh", "-c", `cat /dev/zero > "${place.runtime}/filler"`]);
}

test.skipIf(skipped)(
  "services go on and are started, stopped and logged; what cannot be is said, and is again when there is room",
  async () => {
    const eager = '[restart]\ndelay = "20ms"\nmax_delay = "50ms"';
    await using disk = await mountDisk("16M");
    const files = {
      "calm.toml": program(["sleep", "1000"]),
      "web.toml": shell("echo begins; exec sleep 1000", eager),
      "teller.toml": program(["sleep", "1000"], `notify_access = "main"\n${eager}`),
    };
    using place = new SmallPlace(files, disk);
    await using supervisor = await place.start();
    const calm = await supervisor.until("calm", ({ state }) => state === "up");
    await fill(place);
    // A run is up before it has said anything.
    const begins = (runs: number) => supervisor.lines("web", ({ length }) => length >= runs);
    for (let death = 0; death < 5; death++) {
      const { pid } = await supervisor.until("web", ({ state }) => state === "up");
      await begins(death + 1);
      signalProcess(pid, "SIGKILL");
      await supervisor.until("web", (view) => view.state === "up" && view.pid !== pid);
    }
    await begins(6);
    for (let index = 0; index < 40; index++) place.write(`new-${index}.toml`, program(["sleep", "1000"], eager));
    await supervisor.command("reload");
    expect((await supervisor.command("stop", "web")).code).toBe(0);
    expect((await supervisor.command("start", "web")).code).toBe(0);
    await supervisor.command("restart", "teller", "--timeout", "1s");
    expect(await supervisor.service("calm")).toMatchObject({ state: "up", pid: calm.pid, restarts: 0 });
    expect(hasEnded(supervisor.pid)).toBe(false);
    await place.logged("ENOSPC");
    expect(place.ownLog()).not.toContain("internal error");

    rmSync(`${place.runtime}/filler`);
    expect((await supervisor.command("reload")).code).toBe(0);
    for (const view of await supervisor.services()) await supervisor.until(view.name, ({ state }) => state === "up");
    expect((await supervisor.services()).length).toBe(43);
    await untilTrue(() => place.read("log", "web.log").split("begins").length === 8);
  },
);

test.skipIf(skipped)("a supervisor that dies there is followed by one that goes on with all of it", async () => {
  await using disk = await mountDisk("16M");
  using place = new SmallPlace(
    { "calm.toml": shell("echo begins; exec sleep 1000"), "other.toml": program(["sleep", "1000"]) },
    disk,
  );
  // As many that what is in force takes more than the page that may become free.
  for (let index = 0; index < 60; index++) place.write(`idle-${index}.toml`, program(["true"], 'start = "manual"'));
  await using first = await place.start();
  const { pid } = await first.until("calm", ({ state }) => state === "up");
  expect((await first.command("stop", "other")).code).toBe(0);
  await fill(place);
  let last = first;
  for (let death = 0; death < 3; death++) {
    signalProcess(last.supervisorPid, "SIGKILL");
    last = await last.successor();
    expect(await last.service("calm")).toMatchObject({ state: "up", pid, restarts: 0 });
    expect(await last.service("other")).toMatchObject({ state: "down" });
  }
  expect((await last.command("start", "other")).code).toBe(0);
  expect((await last.command("restart", "calm")).code).toBe(0);
  await untilTrue(() => place.read("log", "calm.log").split("begins").length === 3);
  // What it goes by is as it was: nobody has read the files instead.
  expect(place.ownLog()).not.toContain("configuration");
  rmSync(`${place.runtime}/filler`);
  signalProcess(last.supervisorPid, "SIGKILL");
  await using next = await last.successor();
  for (const name of ["calm", "other"]) expect(await next.service(name)).toMatchObject({ state: "up" });
});

test.skipIf(skipped)("a start that finds no room says so, and leaves nothing behind", async () => {
  await using disk = await mountDisk("64k");
  using place = new SmallPlace({ "calm.toml": program(["sleep", "1000"]) }, disk);
  await fill(place);
  const { code, stderr } = await place.launch();
  expect(code).toBe(1);
  expect(stderr).toContain("ENOSPC");
  expect(place.marked()).toEqual([]);
});
