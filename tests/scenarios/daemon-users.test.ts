import { describe, expect, test } from "bun:test";
import {
  readdirSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { factsOf, statusLineOf } from "./process-facts.ts";
import {
  BINARY,
  type CommandResult,
  TestPlace,
  TestSupervisor,
  hasEnded,
  run,
  signalProcess,
  untilTrue,
} from "./test-supervisor.ts";

const SLEEPER = { "sleeper.toml": shell("echo hello; exec sleep 1000") };
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const needsRoot = skipReason("users and groups of the supervisor", [[isRoot, "this is not root"]]) !== null;
const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
const asOrdinary = isRoot ? asNobody : [];
const noOrdinary = skipReason("a supervisor of an ordinary user", [
  [(await run([...asOrdinary, "test", "-x", BINARY])).code === 0, "no other user than root can reach the binary"],
]);
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

describe.skipIf(noOrdinary !== null)("an ordinary user", () => {
  for (const [title, below, variables] of [
    ["below ~/.local/state", ".local/state/daemonsup", {}],
    ["below $XDG_STATE_HOME when it is set", "elsewhere/daemonsup", { XDG_STATE_HOME: "elsewhere" }],
    ["below ~/.local/state when $XDG_STATE_HOME is relative", ".local/state/daemonsup", { XDG_STATE_HOME: "./x" }],
  ] as const) {
    test(`has a supervisor of its own ${title}, made as far as it was missing`, async () => {
      using home = new Home(variables);
      const top = home.path(below);
      const started = await home.command("--config", home.place.config);
      expect(started).toMatchObject({ code: 0, stderr: "" });
      const runtime = join(top, "run", hostname());
      const pid = Number(readFileSync(join(runtime, "supervisor.pid"), "utf8"));
      expect(started.stdout).toContain(`pid ${pid}`);
      expect([modeOf(runtime), modeOf(join(top, "state")), modeOf(join(top, "log"))]).toEqual(["700", "700", "750"]);
      expect(statusLineOf(pid, "Uid").split("\t").map(Number)).toEqual(Array.from({ length: 4 }, () => home.uid));
      expect(statSync(runtime).uid).toBe(home.uid);
      await untilTrue(() => existsSync(join(top, "log", "sleeper.log")));
      expect((await home.command("status")).stdout).toContain("sleeper");
      expect(await home.command("shutdown")).toMatchObject({ code: 0 });
      expect(hasEnded(pid)).toBe(true);
      expect(home.place.marked()).toEqual([]);
    });
  }

  test("has a second supervisor with --name, beside the first and apart from it", async () => {
    using home = new Home({});
    const top = home.path(".local/state/daemonsup");
    expect(await home.command("--config", home.place.config)).toMatchObject({ code: 0 });
    expect(await home.command("--config", home.place.config, "--name", "two")).toMatchObject({ code: 0 });
    const [first, second] = [[], ["instances", "two"]].map((below) =>
      Number(readFileSync(join(top, "run", hostname(), ...below, "supervisor.pid"), "utf8")),
    );
    expect(second).not.toBe(first);
    expect(await home.command("status", "--name", "three")).toMatchObject({ code: 7 });
    expect(await home.command("shutdown", "--name", "two")).toMatchObject({ code: 0 });
    expect(hasEnded(second ?? 0)).toBe(true);
    expect(await home.command("status", "sleeper")).toMatchObject({ code: 0 });
    expect(await home.command("shutdown")).toMatchObject({ code: 0 });
    expect(hasEnded(first ?? 0)).toBe(true);
  });

  test("may not have a supervisor of somebody else's user", async () => {
    using home = new Home({});
    home.place.write("daemonsup.toml", '[daemon]\nuser = "root"\n');
    const { code, stderr } = await home.command("--config", home.place.config);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot become user "root"');
  });
});

describe.skipIf(needsRoot)("a supervisor of root", () => {
  test("becomes the user of [daemon], to whom its directories belong, for good", async () => {
    using place = new TestPlace(SLEEPER);
    place.write("daemonsup.toml", '[daemon]\nuser = "nobody"\n');
    chmodSync(place.directory, 0o755);
    await using supervisor = await place.start();
    for (const title of ["Uid", "Gid"])
      expect(statusLineOf(supervisor.supervisorPid, title).split("\t").map(Number)).toEqual([
        NOBODY,
        NOBODY,
        NOBODY,
        NOBODY,
      ]);
    expect(statusLineOf(supervisor.supervisorPid, "CapEff")).toMatch(/^0+$/);
    expect(statusLineOf(supervisor.supervisorPid, "CapPrm")).toMatch(/^0+$/);
    for (const name of ["run", "state", "log"]) expect(statSync(place.path(name)).uid).toBe(NOBODY);
    await untilTrue(() => existsSync(place.path("log", "sleeper.log")));
    expect(statSync(place.path("log", "sleeper.log")).uid).toBe(NOBODY);
    const { pid } = await supervisor.service("sleeper");
    expect(statusLineOf(pid ?? 0, "Uid").split("\t")[0]).toBe(String(NOBODY));
  });

  test("leaves no guardian that is root, which would do what the user of [daemon] has written down for a successor", async () => {
    using place = new TestPlace(SLEEPER);
    place.write("daemonsup.toml", '[daemon]\nuser = "nobody"\n');
    chmodSync(place.directory, 0o755);
    await using supervisor = await place.start();
    const { pid } = await supervisor.service("sleeper");
    const saved = place.read("run", "configuration");
    expect(saved).toContain('"user":"nobody"');
    writeFileSync(join(place.runtime, "configuration"), saved.replaceAll('"user":"nobody"', '"user":null'));
    signalProcess(supervisor.supervisorPid, "SIGKILL");
    await using next = await supervisor.successor();
    for (const ours of [next.pid, next.supervisorPid]) {
      for (const title of ["Uid", "Gid"])
        expect(statusLineOf(ours, title).split("\t").map(Number)).toEqual(Array.from({ length: 4 }, () => NOBODY));
      expect(statusLineOf(ours, "CapEff")).toMatch(/^0+$/);
      expect(readFileSync(`/proc/${ours}/oom_score_adj`, "utf8")).toBe(
        readFileSync("/proc/self/oom_score_adj", "utf8"),
      );
    }
    expect(await next.service("sleeper")).toMatchObject({ state: "up", pid });
    signalProcess(next.pid, "SIGKILL");
    await using last = await next.successor();
    expect(last.pid).toBe(next.supervisorPid);
    expect(await last.service("sleeper")).toMatchObject({ state: "up", pid });
  });

  test("goes on with files that somebody has given to another user, takes them back and says so", async () => {
    await using first = await TestSupervisor.start({ ...SLEEPER, "other.toml": program(["sleep", "1000"]) });
    const { place } = first;
    const { pid } = await first.until("sleeper", ({ state }) => state === "up");
    expect((await first.command("stop", "other")).code).toBe(0);
    const files = ["state", "records", "configuration", "pipes/slots", "pipes/journal"].map((name) =>
      place.path("run", name),
    );
    for (const file of files) chownSync(file, NOBODY, NOBODY);
    signalProcess(first.supervisorPid, "SIGKILL");
    await using next = await first.successor();
    expect(await next.service("sleeper")).toMatchObject({ state: "up", pid, restarts: 0 });
    expect(await next.service("other")).toMatchObject({ state: "down" });
    await untilTrue(() => files.every((file) => statSync(file).uid === 0));
    for (const name of ["state", "records"])
      await place.logged(
        `"${place.path("run", name)}" was not as it was left, and is ours again: it belongs to user 65534`,
      );
    await place.logged('configuration", by which the supervisor before this one went');
    expect(await next.command("shutdown")).toMatchObject({ code: 0 });

    // Nobody has kept it open over an end in order: whose it is decides.
    chownSync(place.path("run", "state"), NOBODY, NOBODY);
    const again = await place.launch();
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/it belongs to user 65534, want user 0;.* try chown 0 \/.*\/run\/state/),
    ]);
  });

  test("that became another user still reads again, restarts and ends", async () => {
    using place = new TestPlace(SLEEPER);
    place.write("daemonsup.toml", '[daemon]\nuser = "nobody"\n');
    chmodSync(place.directory, 0o755);
    await using supervisor = await place.start();
    place.write("added.toml", shell("exec sleep 1000"));
    expect(await supervisor.command("reload")).toMatchObject({ code: 0, stderr: "" });
    expect((await supervisor.until("added", (view) => view.state === "up")).pid).not.toBeNull();
    expect(await supervisor.command("restart", "sleeper")).toMatchObject({ code: 0 });
    expect(await supervisor.command("shutdown")).toMatchObject({ code: 0 });
    expect(place.marked()).toEqual([]);
    // What it left belongs to the one who starts it again.
    await using again = await place.start();
    expect(await again.service("sleeper")).toMatchObject({ state: "up" });
  });

  test("names a user or group of its settings that does not exist, and starts nothing", async () => {
    for (const settings of ['[daemon]\nuser = "no-such-user"', '[control]\ngroup = "no-such-group"']) {
      using place = new TestPlace(SLEEPER);
      place.write("daemonsup.toml", settings);
      const { code, stderr } = await place.launch();
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/"no-such-(user|group)"/);
      expect(place.marked()).toEqual([]);
    }
  });

  test("lets the members of the [control] group use its socket, and nobody else", async () => {
    using place = new TestPlace(SLEEPER);
    place.write("daemonsup.toml", '[control]\ngroup = "nogroup"\n');
    chmodSync(place.directory, 0o755);
    await using supervisor = await place.start();
    expect([modeOf(place.runtime), modeOf(place.path("run", "control.sock"))]).toEqual(["710", "660"]);
    expect(statSync(place.runtime).gid).toBe(NOBODY);
    const member = ["setpriv", "--reuid=4242", "--regid=4242", `--groups=${NOBODY}`];
    const other = ["setpriv", "--reuid=4242", "--regid=4242", "--clear-groups"];
    const words = [BINARY, "status", "--runtime-dir", place.runtime];
    expect(await run([...member, ...words])).toMatchObject({ code: 0, stderr: "" });
    expect(await run([...other, ...words])).toMatchObject({ code: 4, stdout: "" });
    expect(await supervisor.service("sleeper")).toMatchObject({ state: "up" });
  });

  test.each([
    ["the user of [daemon]", '[daemon]\nuser = "nobody"\n', asNobody],
    [
      "a member of the [control] group",
      '[control]\ngroup = "nogroup"\n',
      ["setpriv", "--reuid=4242", "--regid=4242", `--groups=${NOBODY}`],
    ],
  ])("has %s wait for its end, who can see whether somebody holds the pid file", async (_who, settings, as) => {
    using place = new TestPlace({
      "slow.toml": shell("trap 'sleep 1; exit 0' TERM; echo on; while :; do sleep 0.05; done"),
    });
    place.write("daemonsup.toml", settings);
    chmodSync(place.directory, 0o755);
    await using supervisor = await place.start();
    await supervisor.line("slow", (text) => text === "on");
    const shutdown = await run([...as, BINARY, "shutdown", "--runtime-dir", place.runtime]);
    expect([shutdown, place.ours()]).toEqual([{ code: 0, stdout: "the supervisor is gone\n", stderr: "" }, []]);
    expect([place.supervisorPid(), place.marked()]).toEqual([null, []]);
    // Nobody else can take the lock, and keep a supervisor from it.
    expect(statSync(place.path("run", "supervisor.pid")).mode & 0o7).toBe(0);
    await using again = await place.start();
    await again.line("slow", (text) => text === "on");
  });

  test("lets the members of the [control] status_group look through a socket of their own, and change nothing", async () => {
    using place = new TestPlace(SLEEPER);
    place.write("daemonsup.toml", '[control]\nstatus_group = "nogroup"\n');
    chmodSync(place.directory, 0o755);
    await using supervisor = await place.start();
    expect([modeOf(place.runtime), modeOf(place.path("run", "control.sock"))]).toEqual(["710", "600"]);
    expect(modeOf(place.path("run", "status.sock"))).toBe("660");
    expect(statSync(place.path("run", "status.sock")).gid).toBe(NOBODY);
    const member = ["setpriv", "--reuid=4242", "--regid=4242", `--groups=${NOBODY}`, BINARY];
    const other = ["setpriv", "--reuid=4242", "--regid=4242", "--clear-groups", BINARY];
    const where = ["--runtime-dir", place.runtime];
    expect(await run([...member, "status", ...where])).toMatchObject({ code: 0, stderr: "" });
    expect(await run([...member, "stop", "sleeper", ...where])).toMatchObject({ code: 4, stdout: "" });
    expect(await run([...other, "status", ...where])).toMatchObject({ code: 4, stdout: "" });
    const refused = await fetch("http://daemonsup/v1/services/sleeper/stop", {
      unix: place.path("run", "status.sock"),
      method: "POST",
    });
    expect([refused.status, (await refused.json()) as object]).toMatchObject([403, { exit: 4 }]);
    expect(await supervisor.service("sleeper")).toMatchObject({ state: "up" });
  });

  test("with a group for each, opens its directory for passing through, and what lies in it keeps itself", async () => {
    using place = new TestPlace(SLEEPER);
    place.write("daemonsup.toml", '[control]\ngroup = "nogroup"\nstatus_group = "adm"\n');
    await using supervisor = await place.start();
    expect(modeOf(place.runtime)).toBe("711");
    const entries = readdirSync(place.runtime).filter((name) => name !== "notify");
    const open = entries.filter((name) => (statSync(place.path("run", name)).mode & 0o007) !== 0);
    expect([entries.length > 3, open]).toEqual([true, []]);
    expect(await supervisor.service("sleeper")).toMatchObject({ state: "up" });
  });

  test("removes the socket of those who may look when it is asked for no more", async () => {
    using place = new TestPlace(SLEEPER);
    place.write("daemonsup.toml", '[control]\nstatus_group = "adm"\n');
    const first = await place.start();
    first.kill("SIGKILL");
    await first.gone();
    expect(existsSync(place.path("run", "status.sock"))).toBe(true);
    place.write("daemonsup.toml", "");
    await using second = await place.start();
    expect(existsSync(place.path("run", "status.sock"))).toBe(false);
    expect(await second.service("sleeper")).toMatchObject({ state: "up" });
  });
});

/** A home directory in a place of its own, and its user: the current one, or, as root, nobody. */
class Home {
  readonly place = new TestPlace(SLEEPER);
  readonly uid = isRoot ? NOBODY : (process.getuid?.() ?? 0);
  readonly #env: Readonly<Record<string, string>>;

  constructor(variables: Readonly<Record<string, string>>) {
    const home = this.path();
    mkdirSync(home);
    if (isRoot) {
      chmodSync(this.place.directory, 0o755);
      chownSync(home, NOBODY, NOBODY);
    }
    const absolute = Object.entries(variables).map(([name, value]) => [
      name,
      value === "elsewhere" ? this.path(value) : value,
    ]);
    this.#env = { HOME: home, XDG_STATE_HOME: "", ...Object.fromEntries(absolute) };
  }

  path(...parts: readonly string[]): string {
    return this.place.path("home", ...parts);
  }

  async command(...words: readonly string[]): Promise<CommandResult> {
    return await run([...asOrdinary, BINARY, ...words], this.#env);
  }

  [Symbol.dispose](): void {
    // Only a test that failed leaves one.
    for (const file of new Bun.Glob("**/supervisor.pid").scanSync({ cwd: this.path(), dot: true, absolute: true })) {
      const pid = Number(readFileSync(file, "utf8"));
      if (pid > 1 && !hasEnded(pid) && factsOf(pid).name === "daemonsup") signalProcess(pid, "SIGKILL");
    }
    this.place[Symbol.dispose]();
  }
}
