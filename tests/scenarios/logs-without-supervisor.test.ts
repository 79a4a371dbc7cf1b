import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { BINARY, type CommandResult, TestPlace, run } from "./test-supervisor.ts";

function logs(place: TestPlace, ...words: readonly string[]): Promise<CommandResult> {
  const env = { DAEMONSUP_RUNTIME_DIR: place.runtime, XDG_STATE_HOME: place.path("nothing") };
  return run([BINARY, "logs", "--log-dir", place.path("log"), ...words], env);
}

test("without a supervisor the files of its last definitions are read, wherever they are", async () => {
  using place = new TestPlace({});
  const said = (text: string, more = ""): string => shell(`echo ${text}`, `type = "oneshot"\n${more}`);
  place.write("a.toml", said("one"));
  place.write("b.toml", said("two", `[log]\nformat = "json"\nfile = "${place.path("elsewhere.log")}"`));
  {
    await using supervisor = await place.start();
    await supervisor.line("a", (text) => text === "one");
    await supervisor.line("b", (text) => text === "two");
    await supervisor.command("shutdown");
    await supervisor.gone();
    const { code, stdout, stderr } = await logs(place);
    expect(code).toBe(0);
    expect(stderr).toBe(`no supervisor is running: reading the files of the services in "${place.config}"\n`);
    expect(stdout.split("\n").toSorted().join("\n")).toMatch(/^\na \S+Z one\nb \S+Z two$/);
    expect((await logs(place, "b")).stdout).toMatch(/^\S+Z two\n$/);
    expect((await logs(place, "b", "--boot", "--grep", "w")).stdout).toMatch(/^\S+Z two\n$/);
    const unknown = await logs(place, "aa");
    expect([unknown.code, unknown.stdout]).toEqual([5, ""]);
    expect(unknown.stderr).toContain('cannot show "aa": no such service (did you mean "a"?)');
    const followed = await logs(place, "-f", "a");
    expect([followed.code, followed.stdout]).toEqual([7, expect.stringMatching(/^\S+Z one\n$/)]);
    expect(followed.stderr).toContain("cannot follow: no supervisor is running");
    const ran = await logs(place, "--run", "0");
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    // Definitions that cannot be read any more leave what is in the log directory.
    rmSync(place.config, { recursive: true });
    const without = await logs(place);
    expect([without.code, without.stdout]).toEqual([0, expect.stringMatching(/^\S+Z one\n$/)]);
    expect(without.stderr).toBe(`no supervisor is running: reading the files in "${place.path("log")}"\n`);
    writeFileSync(place.path("log", "c.log"), "no stamp\n");
    expect((await logs(place, "c")).stdout).toMatch(/^\S+Z no stamp\n$/);
  }
});

test("where there are no files either, it is said that no supervisor runs", async () => {
  using place = new TestPlace({});
  const { code, stdout, stderr } = await logs(place);
  expect([code, stdout]).toEqual([7, ""]);
  expect(stderr).toContain("no supervisor is running there");
});
