import { describe, expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { TestPlace, TestSupervisor } from "./test-supervisor.ts";

const WEB = `${program(["sleep", "1000"])}instances = 2\n`;
const DB = program(["sleep", "1000"]);

async function pids(supervisor: TestSupervisor): Promise<Readonly<Record<string, number | null>>> {
  return Object.fromEntries((await supervisor.services()).map(({ name, pid }) => [name, pid]));
}

describe("scale", () => {
  test("starts and stops only the difference, touches nothing else, and is remembered", async () => {
    const place = new TestPlace({ "web@.toml": WEB, "db.toml": DB });
    await using supervisor = await place.start();
    const before = await pids(supervisor);
    // What a reload would do to others waits for a reload.
    place.write("db.toml", program(["sleep", "2000"]));
    place.write("new.toml", DB);
    const more = await supervisor.command("scale", "web", "4");
    expect([more.code, more.stdout]).toEqual([0, "web: 4 instances; started: web@3, web@4\n"]);
    const grown = await pids(supervisor);
    expect(Object.keys(grown)).toEqual(["db", "web@1", "web@2", "web@3", "web@4"]);
    expect(grown).toMatchObject(before);
    const less = await supervisor.command("scale", "web", "1");
    expect([less.code, less.stdout]).toEqual([0, "web: 1 instance; stopped: web@2, web@3, web@4\n"]);
    expect(await pids(supervisor)).toEqual({ db: before["db"] ?? 0, "web@1": before["web@1"] ?? 0 });
    expect(supervisor.events.filter(({ event }) => event === "relay")).toEqual([]);

    await supervisor.command("reload");
    expect(Object.keys(await pids(supervisor))).toEqual(["db", "new", "web@1"]);
    supervisor.kill("SIGTERM");
    await supervisor.gone();
    await using again = await place.start();
    expect(Object.keys(await pids(again))).toEqual(["db", "new", "web@1"]);
    const back = await again.command("scale", "web", "file");
    expect([back.code, back.stdout]).toEqual([0, "web: 2 instances; started: web@2\n"]);
    expect(place.read("state", "instances.json")).toBe("{}\n");
  });

  test("refuses what cannot be, and then nothing has changed and nothing is remembered", async () => {
    await using supervisor = await TestSupervisor.start({ "web@.toml": WEB });
    const before = await pids(supervisor);
    const unknown = await supervisor.command("scale", "wbe", "3");
    expect([unknown.code, unknown.stderr]).toEqual([5, 'cannot scale "wbe": no such template (did you mean "web"?)\n']);
    supervisor.place.write("bad.toml", "command = \n");
    const invalid = await supervisor.command("scale", "web", "3");
    expect([invalid.code, invalid.stderr]).toEqual([6, expect.stringContaining("bad.toml:2:1: ")]);
    expect(await pids(supervisor)).toEqual(before);
    supervisor.place.remove("bad.toml");
    expect((await supervisor.command("reload")).stdout).toContain("0 added, 0 removed");
  });

  test("tells which instance has failed, and why", async () => {
    await using supervisor = await TestSupervisor.start({
      "web@.toml": shell("[ %i != 3 ] || exit 7", 'instances = 2\ntype = "oneshot"'),
    });
    const { code, stdout, stderr } = await supervisor.command("scale", "web", "3");
    expect([code, stdout, stderr]).toEqual([1, "web: 3 instances; started: web@3\n", "  note: web@3: exited 7\n"]);
  });
});

describe("start", () => {
  test("makes an instance that there is not yet, once, and it is there again after the supervisor", async () => {
    const place = new TestPlace({ "web@.toml": program(["sleep", "1000"]) });
    await using supervisor = await place.start({ args: ["--allow-empty"] });
    expect(await pids(supervisor)).toEqual({});
    const made = await supervisor.command("start", "web@x");
    const { pid } = await supervisor.service("web@x");
    expect([made.code, made.stdout]).toEqual([0, `web@x: started (pid ${pid})\n`]);
    await supervisor.command("start", "web@y");
    expect((await supervisor.command("start", "web@*")).stdout.trim().split("\n").toSorted()).toEqual([
      `web@x: up already (pid ${pid})`,
      expect.stringMatching(/^web@y: up already/),
    ]);
    supervisor.kill("SIGTERM");
    await supervisor.gone();
    await using again = await place.start();
    expect(Object.keys(await pids(again))).toEqual(["web@x", "web@y"]);
    const gone = await again.command("scale", "web@x", "0");
    expect([gone.code, gone.stdout]).toEqual([0, "web@x: 1 instance; stopped: web@x\n"]);
  });

  test("runs an instance that there is not yet, and makes none of what is no oneshot", async () => {
    await using supervisor = await TestSupervisor.start({
      "import@.toml": shell("echo ran %i; exit 7", 'type = "oneshot"\nstart = "manual"'),
      "web@.toml": WEB,
    });
    const ran = await supervisor.command("run", "import@may");
    expect([ran.code, ran.stderr]).toEqual([7, "import@may: exited 7\n  ran may\n"]);
    expect(await supervisor.lines("import@may", (lines) => lines.length > 0)).toEqual(["ran may"]);
    const refused = await supervisor.command("run", "web@blue");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      'cannot run "web@blue": it cannot be made: its type is "simple", want "oneshot"\n',
    ]);
    expect(Object.keys(await pids(supervisor))).toEqual(["import@may", "web@1", "web@2"]);
    expect((await supervisor.command("run", "nope@x")).code).toBe(5);
  });

  test("of an instance of no template is no such service", async () => {
    await using supervisor = await TestSupervisor.start({ "db.toml": DB });
    const { code, stderr } = await supervisor.command("start", "web@x");
    expect([code, stderr]).toEqual([5, 'cannot start "web@x": no such service\n']);
  });
});
