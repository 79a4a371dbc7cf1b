/* What only becomes a definition when the directory is read: instances of templates, variables, secrets, links. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { variableOf } from "./proc.ts";
import { TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);

async function pidOf(supervisor: TestSupervisor, name: string): Promise<number> {
  return (await supervisor.until(name, (view) => view.state === "up")).pid ?? 0;
}

async function reload(supervisor: TestSupervisor): Promise<unknown> {
  const { code, stdout, stderr } = await supervisor.command("reload", "--json");
  if (code !== 0) throw new Error(`the reload failed (${code}): ${stderr}`);
  return (JSON.parse(stdout) as { difference: unknown }).difference;
}

/** Waits for the words: in the middle of its exec, when it counts as up already, a process shows none for a moment. */
async function commandLineOf(pid: number): Promise<readonly string[]> {
  const words = (): readonly string[] => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  await untilTrue(() => words().length > 0);
  return words();
}

describe("a template", () => {
  test("runs as many as it says, and a reload starts and stops only the difference", async () => {
    const template = (instances: number): string => program(["sleep", "100%i"], `instances = ${instances}`);
    await using supervisor = await TestSupervisor.start({ "web@.toml": template(2), "db.toml": SLEEPER });
    const [first, second, db] = [
      await pidOf(supervisor, "web@1"),
      await pidOf(supervisor, "web@2"),
      await pidOf(supervisor, "db"),
    ];
    expect([await commandLineOf(first), await commandLineOf(second)]).toEqual([
      ["sleep", "1001"],
      ["sleep", "1002"],
    ]);
    supervisor.place.write("web@.toml", template(3));
    expect(await reload(supervisor)).toMatchObject({ added: ["web@3"], removed: [], changed: [], adjusted: [] });
    expect(await pidOf(supervisor, "web@3")).toBeGreaterThan(1);
    supervisor.place.write("web@.toml", template(1));
    expect(await reload(supervisor)).toMatchObject({
      added: [],
      removed: ["web@2", "web@3"],
      changed: [],
      adjusted: [],
    });
    expect([await pidOf(supervisor, "web@1"), await pidOf(supervisor, "db")]).toEqual([first, db]);
  });

  test("has the instances that were asked for when the supervisor last ran", async () => {
    const place = new TestPlace({ "web@.toml": `${SLEEPER}instances = 3\n` });
    mkdirSync(place.path("state"), { mode: 0o700 });
    writeFileSync(place.path("state", "instances.json"), '{"web": {"count": 1, "names": ["x"]}}');
    await using supervisor = await place.start();
    expect((await supervisor.services()).map(({ name }) => name)).toEqual(["web@1", "web@x"]);
  });

  test("starts nothing where it cannot be told what was asked for", async () => {
    using place = new TestPlace({ "web@.toml": `${SLEEPER}instances = 3\n` });
    mkdirSync(place.path("state"), { mode: 0o700 });
    writeFileSync(place.path("state", "instances.json"), "{");
    const { code, stderr } = await place.launch();
    expect(code).toBe(6);
    expect(stderr).toContain(`cannot read "${place.path("state", "instances.json")}": it is no JSON`);
  });
});

describe("a variable", () => {
  test("from a file is taken over by a reload, which restarts only who uses it", async () => {
    const place = new TestPlace({ "other.toml": SLEEPER });
    writeFileSync(place.path("my.env"), "SECONDS_=1001\n");
    place.write("web.toml", program(["sleep", "${SECONDS_}"], `environment_file = "${place.path("my.env")}"`));
    await using supervisor = await place.start();
    const [web, other] = [await pidOf(supervisor, "web"), await pidOf(supervisor, "other")];
    expect(await commandLineOf(web)).toEqual(["sleep", "1001"]);
    expect(await reload(supervisor)).toMatchObject({ unchanged: ["other", "web"], changed: [] });
    writeFileSync(place.path("my.env"), "SECONDS_=1002\n");
    expect(await reload(supervisor)).toMatchObject({ unchanged: ["other"], changed: ["web"] });
    expect(await commandLineOf(await pidOf(supervisor, "web"))).toEqual(["sleep", "1002"]);
    expect(await pidOf(supervisor, "other")).toBe(other);
  });

  test("that there is not refuses the start, and is shown where it stands", async () => {
    using place = new TestPlace({ "web.toml": program(["sleep", "${HOME}"]) });
    const { code, stderr } = await place.launch({ env: { HOME: "/root" } });
    expect(code).toBe(6);
    expect(stderr).toContain('web.toml:1:20: cannot parse "command[1]": there is no variable "HOME"');
  });
});

describe("a secret", () => {
  test("reaches its service at each start, and no command shows it", async () => {
    const place = new TestPlace({});
    const [secret, later] = ["s3cr3t-one", "s3cr3t-two"];
    writeFileSync(place.path("pw"), `${secret}\n`, { mode: 0o600 });
    place.write("web.toml", `${SLEEPER}environment = { PW = { file = "${place.path("pw")}" } }\n`);
    await using supervisor = await place.start();
    await pidOf(supervisor, "web");
    const { code } = await supervisor.command("restart", "web");
    expect(code).toBe(0);
    writeFileSync(place.path("pw"), `${later}\n`);
    const { pid } = await supervisor.service("web");
    await untilTrue(() => variableOf(pid ?? 0, "PW") === secret);
    await supervisor.command("restart", "web");
    const { pid: again } = await supervisor.service("web");
    await untilTrue(() => variableOf(again ?? 0, "PW") === later);
    for (const words of [
      ["status"],
      ["status", "web"],
      ["status", "--json"],
      ["check", place.config],
      ["logs", "web"],
    ]) {
      const { stdout, stderr } = await supervisor.command(...words);
      expect(stdout + stderr).not.toContain("s3cr3t");
    }
    expect(place.ownLog()).not.toContain("s3cr3t");
  });

  test("whose file is missing makes its service failed, and no other", async () => {
    await using supervisor = await TestSupervisor.start({
      "web.toml": `${SLEEPER}environment = { PW = { file = "/nonexistent/pw" } }\n`,
      "other.toml": SLEEPER,
    });
    await pidOf(supervisor, "other");
    const web = await supervisor.service("web");
    expect(web.state).toBe("failed");
    expect(web.message).toContain('secret "/nonexistent/pw": no such file or directory');
  });
});

describe("services that wait for each other in a circle", () => {
  test("refuse the start, and a reload, which then changes nothing", async () => {
    const circle = { "a.toml": `${SLEEPER}requires = ["b"]\n`, "b.toml": `${SLEEPER}after = ["a"]\n` };
    using place = new TestPlace(circle);
    const { code, stderr } = await place.launch();
    expect(code).toBe(6);
    const message = "services wait for each other in a circle: a (a.toml:3) requires b (b.toml:3) comes after a";
    expect(stderr).toContain(`a.toml:3:13: cannot use "requires[0]": ${message}`);
    await using supervisor = await TestSupervisor.start({ "a.toml": SLEEPER, "b.toml": SLEEPER });
    const before = await pidOf(supervisor, "a");
    for (const [name, text] of Object.entries(circle)) supervisor.place.write(name, text);
    const reloaded = await supervisor.command("reload");
    expect([reloaded.code, reloaded.stdout + reloaded.stderr]).toEqual([6, expect.stringContaining(message)]);
    expect(await pidOf(supervisor, "a")).toBe(before);
  });

  test("are started where one of them only wants the other, with a warning", async () => {
    const place = new TestPlace({
      "a.toml": `${SLEEPER}requires = ["b"]\n`,
      "b.toml": `${SLEEPER}wants = ["a"]\n`,
    });
    const { code, stderr } = await place.launch();
    await using supervisor = await TestSupervisor.connect(place);
    await pidOf(supervisor, "a");
    await pidOf(supervisor, "b");
    const warning = 'b.toml:3:10: cannot use "wants[0]": it is ignored';
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^warning: [^\n]*\n.*\n *\^+\n$/)]);
    expect(stderr).toContain(warning);
    await untilTrue(() => place.ownLog().includes(warning));
  });
});
