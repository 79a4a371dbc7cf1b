import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { besideIn, inOwnRoot } from "./own-root.ts";
import { BINARY, type CommandResult, run, signalProcess, TestPlace, untilTrue } from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;
const STAYS = program(["sleep", "1000"]);

/** What would be written, for this manager. */
async function printed(place: TestPlace, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([BINARY, "install", "--print", ...words, place.config]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

const needsAnalyze = skipReason("units as systemd reads them", [
  [Bun.which("systemd-analyze") !== null, "there is no systemd-analyze"],
]);

test.skipIf(needsAnalyze !== null)("systemd has nothing against the unit, whatever the path has in it", async () => {
  using place = new TestPlace({});
  const config = place.path('with "quotes" 100%h $HOME');
  mkdirSync(config);
  const { stdout } = await run([BINARY, "install", "--print", "--manager", "systemd", "--name", "x", config]);
  const text = stdout.slice(stdout.indexOf("[Unit]"), stdout.indexOf("# then run:"));
  const unit = place.path("daemonsup-x.service");
  writeFileSync(unit, text);
  const verified = await run(["systemd-analyze", "verify", unit]);
  expect([verified.code, verified.stdout, verified.stderr]).toEqual([0, "", ""]);
  expect(text).toContain(`--config "${place.directory}/with \\"quotes\\" 100%%h $$HOME" --name x\n`);
});

test("each manager is shown what it would be told", async () => {
  using place = new TestPlace({ "db.toml": STAYS });
  const cron = await printed(place, "--manager", "cron", "--name", "two");
  expect(cron).toMatch(new RegExp(`^@reboot (root )?.*daemonsup --config ${place.config} --name two$`, "m"));
  expect(await printed(place, "--manager", "systemd")).toContain(
    `ExecStart=${BINARY} --foreground --config ${place.config}\n`,
  );
  const asked = await run([BINARY, "install", "--manager", "upstart", place.config]);
  expect([asked.code, asked.stderr]).toEqual([
    2,
    'cannot read "--manager": got "upstart", want one of systemd, openrc, cron\n',
  ]);
});

test("what is wrong is told before anything is written", async () => {
  using place = new TestPlace({ "db.toml": "comand = 1\n" });
  const refused = await run([BINARY, "install", "--manager", "systemd", place.config]);
  expect([refused.code, refused.stdout]).toEqual([6, ""]);
  expect(refused.stderr).toContain("db.toml:1:1: ");
  expect(refused.stderr).toEndWith(`cannot install "${place.config}": it has problems\n`);
});

const OWN_ROOT = isRoot && (await canHaveOwnRoot());
const needsRoot = skipReason("installing for a whole machine", [
  [isRoot, "only root may do that"],
  [OWN_ROOT, "no root directory of one's own can be made here"],
]);

async function canHaveOwnRoot(): Promise<boolean> {
  using place = new TestPlace({});
  return (await inRoot(place, ["true"])).code === 0;
}

/** Runs a command in a root of its own, in which the place is the machine's. */
async function inRoot(place: TestPlace, words: readonly string[]): Promise<CommandResult> {
  return await run([...inOwnRoot(mountPointOf(place), place.directory), ...words]);
}

function mountPointOf(place: TestPlace): string {
  const work = place.path("root");
  if (!existsSync(work)) mkdirSync(work);
  return work;
}

test.skipIf(needsRoot !== null)(
  "openrc gets a script that its shell understands; the file of somebody else is left alone",
  async () => {
    using place = new TestPlace({ "db.toml": STAYS });
    const script = `mkdir -p /usr/sbin
    printf '#!/bin/sh\\necho "$@" >> ${place.directory}/rc-update\\n' > /usr/sbin/rc-update; chmod +x /usr/sbin/rc-update
    ${BINARY} install --manager openrc ${place.config}; sh -n /etc/init.d/daemonsup && echo fine; stat -c %a /etc/init.d/daemonsup
    ${BINARY} install --manager openrc ${place.config} > ${place.directory}/again; ${BINARY} uninstall --print; ${BINARY} uninstall; ls /etc/init.d/daemonsup
    echo mine > /etc/init.d/daemonsup; ${BINARY} install --manager openrc ${place.config}; cat /etc/init.d/daemonsup`;
    const { stdout, stderr } = await inRoot(place, ["sh", "-c", script]);
    expect(stdout.split("\n")).toEqual([
      "daemonsup: started with the machine by openrc (/etc/init.d/daemonsup)",
      "to start it now: rc-service daemonsup start",
      "fine",
      "755",
      "would remove /etc/init.d/daemonsup",
      "removed /etc/init.d/daemonsup",
      "mine",
      "",
    ]);
    expect(stderr).toContain("No such file");
    expect(stderr).toContain(
      'cannot write "/etc/init.d/daemonsup": it is there already, and was not made by daemonsup install',
    );
    expect(place.read("rc-update")).toBe("add daemonsup default\nadd daemonsup default\ndel daemonsup default\n");
  },
);

const needsCron = skipReason("the crontab of a user", [
  [needsRoot === null, "see above"],
  [Bun.which("crontab") !== null, "there is no crontab"],
]);

test.skipIf(needsCron !== null)("a user's crontab gets one line, once, and keeps all others", async () => {
  using place = new TestPlace({ "db.toml": STAYS });
  const asUser = "setpriv --reuid=65534 --regid=65534 --clear-groups env -u XDG_STATE_HOME HOME=/nonexistent";
  const script = `chmod 711 ${place.directory}; printf '0 1 * * * true\\n' | ${asUser} crontab -
    for time in 1 2; do ${asUser} XDG_STATE_HOME=/s ${BINARY} install --manager cron ${place.config}; done
    ${asUser} ${BINARY} uninstall --print; ${asUser} crontab -l; ${asUser} ${BINARY} uninstall; ${asUser} crontab -l; ${asUser} ${BINARY} uninstall`;
  const { stdout, stderr } = await inRoot(place, ["sh", "-c", script]);
  expect(stderr).toBe("");
  const told = ["crontab: started with the machine by cron", `to start it now: ${BINARY} --config ${place.config}`];
  expect(stdout.split("\n")).toEqual([
    ...told,
    ...told,
    "would remove @reboot line of the crontab",
    "0 1 * * * true",
    '# Made by "daemonsup install"; "daemonsup uninstall" takes it away. (daemonsup)',
    `@reboot XDG_STATE_HOME=/s ${BINARY} --config ${place.config}`,
    "removed @reboot line of the crontab",
    "0 1 * * * true",
    "nothing was installed",
    "",
  ]);
});

const SYSTEMD = "/lib/systemd/systemd";
const needsSystemd = skipReason("a real systemd", [
  [needsRoot === null, "see above"],
  [existsSync(SYSTEMD), "it is not installed"],
]);

/** The units that ours is ordered after, and nothing else of the machine's: none of them may touch it. */
const BOOT = `mkdir /run/units
for unit in sysinit.target basic.target shutdown.target network.target local-fs.target multi-user.target -.slice system.slice; do
  printf '[Unit]\\nDefaultDependencies=no\\n' > "/run/units/$unit"
done
exec env -i PATH="$PATH" container=test SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units ${SYSTEMD} --system --unit=multi-user.target`;

describe.skipIf(needsSystemd !== null)("under a real systemd", () => {
  test("it is up when all is, reloads, comes back when it is killed, stops, and is taken away", async () => {
    using place = new TestPlace({ "db.toml": STAYS });
    const words = [...inOwnRoot(mountPointOf(place), place.directory), "sh", "-c", BOOT];
    const machine = Bun.spawn(words, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    try {
      await untilTrue(() => firstIn(machine.pid) !== null);
      const first = firstIn(machine.pid) ?? 0;
      const inside = async (...command: readonly string[]) => await run([...besideIn(first), ...command]);
      while ((await inside("systemctl", "is-system-running")).stdout.trim() !== "running") await Bun.sleep(20);
      const shown = async (property: string) =>
        (await inside("systemctl", "show", "--property", property, "--value", "daemonsup")).stdout.trim();

      const installed = await inside(BINARY, "install", "--now", place.config);
      expect([installed.code, installed.stderr]).toEqual([0, ""]);
      expect([await shown("ActiveState"), await shown("StatusText"), await shown("UnitFileState")]).toEqual([
        "active",
        "1 service",
        "enabled",
      ]);
      expect((await inside(BINARY, "status", "db")).code).toBe(0);
      place.write("web.toml", STAYS);
      expect((await inside("systemctl", "reload", "daemonsup")).code).toBe(0);
      while ((await shown("StatusText")) !== "2 services") await Bun.sleep(20);

      const killed = await shown("MainPID");
      expect((await inside("kill", "-KILL", killed)).code).toBe(0);
      // Both at once: it is active until systemd has noticed, and has no main process while it waits to restart.
      const isBack = async (): Promise<boolean> => {
        const { stdout } = await inside("systemctl", "show", "--property", "ActiveState,MainPID", "daemonsup");
        const pid = /^MainPID=(\d+)$/m.exec(stdout)?.[1] ?? "0";
        return /^ActiveState=active$/m.test(stdout) && pid !== killed && pid !== "0";
      };
      while (!(await isBack())) await Bun.sleep(20);
      expect((await inside("systemctl", "stop", "daemonsup")).code).toBe(0);
      expect([await shown("ActiveState"), await shown("Result")]).toEqual(["inactive", "success"]);
      expect((await inside(BINARY, "uninstall")).stdout).toBe("removed /etc/systemd/system/daemonsup.service\n");
      expect(await shown("LoadState")).toBe("not-found");
    } finally {
      signalProcess(machine.pid, "SIGKILL");
      await machine.exited;
    }
  });
});

/** The first process of the namespace, once it is what it is to become; null: not yet. */
function firstIn(unshared: number): number | null {
  const children = readFileSync(`/proc/${unshared}/task/${unshared}/children`, "utf8").trim().split(" ");
  const first = Number(children[0]);
  if (first === 0) return null;
  try {
    return readFileSync(`/proc/${first}/cmdline`, "utf8").startsWith(SYSTEMD) ? first : null;
  } catch {
    return null;
  }
}
