import { expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/commands.ts";
import type { StartOptions } from "../../src/cli/parse-start-options.ts";
import { literalPort, viewOf } from "../control/literal-port.ts";
import { literalWorld } from "./literal-world.ts";
import { run, runAgainst } from "./running.ts";

test("alone it prints help and ends with 2", async () => {
  const { exit, out } = await run("");
  expect(exit).toBe(2);
  expect(out).toContain("usage: daemonsup --config DIR");
  for (const name of Object.keys(COMMANDS)) expect(out).toMatch(new RegExp(`[ ,]${name}[ ,\n]`));
});

test("help and version work everywhere, without a supervisor", async () => {
  for (const words of ["--help", "-h", "help"])
    expect(await run(words)).toMatchObject({ exit: 0, out: expect.stringContaining("daemonsup COMMAND") });
  for (const words of ["help supervisor", "--config services.d --help", "--strict --config=x -h"])
    expect(await run(words)).toMatchObject({ exit: 0, out: expect.stringContaining("--ready-timeout TIME") });
  for (const words of ["status --help", "status --nonsense -h", "help status"]) {
    expect(await run(words)).toMatchObject({ exit: 0, out: expect.stringContaining("usage: daemonsup status") });
  }
  for (const words of ["--version", "-V", "stop --version"])
    expect(await run(words)).toEqual({ exit: 0, out: "daemonsup 1.2.3\n", err: "" });
  expect(await run("help stauts")).toMatchObject({ exit: 2, err: expect.stringContaining('did you mean "status"?') });
});

test("every command has a help page that names all its options and fits a terminal", async () => {
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const { exit, out } = await run(`help ${name}`);
    expect(exit).toBe(0);
    for (const option of Object.keys((await entry.load()).options)) expect(out).toContain(`--${option}`);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(90);
  }
});

const misused: readonly (readonly [string, string])[] = [
  ["stauts", 'did you mean "status"?'],
  ["stat", 'did you mean "status"?'],
  ["frobnicate", "no such command"],
  ["--confg services.d", 'cannot read "--confg": no such option (did you mean "--config"?)'],
  ["--name b frobnicate", 'cannot run "frobnicate": no such command'],
  ["install --manager systemdd", 'got "systemdd", want one of systemd, openrc, cron (did you mean "systemd"?)'],
  ["graph --format dott", 'want text, dot or mermaid (did you mean "dot"?)'],
  ["status --jsno", 'did you mean "--json"?'],
  ["start", "want NAME..."],
  ["signal HUP", "want SIGNAL NAME..."],
  ["signal HPU web", 'did you mean "HUP"?'],
  ["shutdown web", "one word too many"],
  ["logs -n many web", 'got "many"'],
  ["logs -n 10001 web", "want a number from 0 to 10000"],
  ["start --timeout 5 web", 'got "5", want a time with a unit'],
  ["shutdown --timeout soon", 'got "soon"'],
  ["reload --dry-run web", "goes without names"],
  ["reload --no-wait", "goes only with names"],
  ["status --name ../x", "cannot use"],
  ["scale web", "want NAME N"],
  ["scale web many", 'got "many", want a number from 0 to 1000, or "file"'],
  ["scale web 1001", 'got "1001"'],
  ["scale web -1", "no such option"],
  ["scale --timeout 5 web 1", 'got "5"'],
  ["graph --format svg", 'got "svg", want text, dot or mermaid'],
  ["--foreground", "want --config DIR"],
];

test.each(misused)("%s is refused with a short reason", async (words, reason) => {
  const port = literalPort([viewOf("web")]);
  const { exit, out, err } = await runAgainst(port, words);
  expect({ exit, out }).toEqual({ exit: 2, out: "" });
  expect(err).toContain(reason);
  expect(err.trim().split("\n").length).toBeLessThanOrEqual(2);
  expect(port.asked).toEqual([]);
});

test("--config starts a supervisor with what was asked, and its status is the command's", async () => {
  const started: StartOptions[] = [];
  const world = literalWorld({
    start(options) {
      started.push(options);
      return Promise.resolve(42);
    },
  });
  expect((await run("--config services.d --strict", world)).exit).toBe(42);
  expect(started).toMatchObject([{ config: "/somewhere/services.d", strict: true }]);
});

test("without a supervisor every command says so and ends with 7, but for version", async () => {
  for (const words of ["status", "start web", "stop w*", "logs web", "logs -f web", "events", "reload", "shutdown"]) {
    const { exit, err } = await run(`${words} --runtime-dir /nonexistent`);
    expect({ words, exit }).toEqual({ words, exit: 7 });
    expect(err).toBe('cannot connect to "/nonexistent/control.sock": no supervisor is running there\n');
  }
  expect(await run("version --runtime-dir /nonexistent")).toEqual({
    exit: 0,
    out: "daemonsup 1.2.3\nno supervisor is running\n",
    err: "",
  });
});

test("reload without names reads everything again and shows the difference", async () => {
  const port = literalPort([viewOf("web")]);
  expect((await runAgainst(port, "reload")).out).toStartWith("reloaded: 1 added, 0 removed, 1 changed");
  expect((await runAgainst(port, "reload --dry-run")).out).toStartWith("would reload: ");
  expect(JSON.parse((await runAgainst(port, "reload --json")).out)).toMatchObject({
    result: "done",
    difference: { added: ["new"] },
  });
  expect(port.asked).toEqual(["reload", "dry reload", "reload"]);
});

test("an invalid configuration is printed as check prints it, and ends with 6", async () => {
  const problems = ["services.d/a.toml:1:1: cannot parse\n  x = y\n      ^", "services.d/b.toml:2:1: cannot parse"];
  const port = literalPort([], { reload: () => Promise.resolve({ tag: "invalid", problems }) });
  const { exit, err } = await runAgainst(port, "reload");
  expect(exit).toBe(6);
  expect(err).toBe(`${problems.join("\n")}\ncannot reload: the configuration is invalid, nothing was changed\n`);
  const refusing = literalPort([], {
    reload: () => Promise.resolve({ tag: "refused", message: "a shutdown is going on" }),
  });
  expect(await runAgainst(refusing, "reload")).toMatchObject({
    exit: 1,
    err: "cannot reload: a shutdown is going on\n",
  });
});

test("shutdown waits until nobody holds the pid file", async () => {
  const port = literalPort([viewOf("web")]);
  let looks = 0;
  const ran = await runAgainst(port, "shutdown", { isLocked: () => ++looks < 4 });
  expect(ran).toEqual({ exit: 0, out: "the supervisor is gone\n", err: "" });
  expect([looks, port.asked]).toEqual([4, ["shutdown"]]);
  expect((await runAgainst(port, "shutdown --no-wait", { isLocked: () => true })).out).toBe("shutdown asked for\n");
  expect((await runAgainst(port, "shutdown --timeout 50ms", { isLocked: () => true })).exit).toBe(124);
});

test("version shows both versions", async () => {
  const { out } = await runAgainst(literalPort([viewOf("web")]), "version");
  expect(out).toBe("daemonsup 1.2.3\nsupervisor 9.9.9 (pid 42, started 3m 12s ago, 1 service from /etc/services.d)\n");
  expect(JSON.parse((await runAgainst(literalPort([]), "version --json")).out)).toMatchObject({
    client: "1.2.3",
    supervisor: { version: "9.9.9" },
  });
});
