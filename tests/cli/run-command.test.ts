import { expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/commands.ts";
import type { StartOptions } from "../../src/cli/parse-start-options.ts";
import { runCommand } from "../../src/cli/run-command.ts";
import type { ControlPort, LogLine, Outcome, ScaleOutcome } from "../../src/control/control-port.ts";
import { eventOf, lineOf, literalPort, viewOf } from "../control/literal-port.ts";
import { serveTemporarily, until } from "../control/temporary-server.ts";
import { type LiteralWorld, literalWorld, type WorldChanges } from "./literal-world.ts";

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function run(words: string, world: LiteralWorld = literalWorld()): Promise<Ran> {
  const exit = await runCommand(words === "" ? [] : words.split(" "), world);
  return { exit, out: world.written.out, err: world.written.err };
}

/** Runs a command against a supervisor that has these services. */
async function runAgainst(port: ControlPort, words: string, changes: WorldChanges = {}): Promise<Ran> {
  await using server = serveTemporarily(port);
  return await run(words, literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: server.directory }, ...changes }));
}

const FAILED = viewOf("bad", { state: "failed", pid: null, message: "exited 1" });
const DOWN = viewOf("off", { state: "down", want: "down", pid: null });

test("alone it prints help and ends with 2", async () => {
  const { exit, out } = await run("");
  expect(exit).toBe(2);
  expect(out).toContain("usage: daemonsup --config DIR");
  for (const name of COMMANDS.keys()) expect(out).toMatch(new RegExp(`[ ,]${name}[ ,\n]`));
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
  for (const [name, entry] of COMMANDS) {
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

const statuses: readonly (readonly [string, string, number])[] = [
  ["all is well", "status web", 0],
  ["something is not wanted and not up", "status", 3],
  ["something named is down, though nobody wants it up", "status off", 3],
  ["a glob names only what is up", "status w*", 0],
  ["a name is unknown", "status web nope", 5],
  ["a glob names nothing", "status x*", 5],
];

test.each(statuses)("status, when %s", async (_title, words, exit) => {
  expect((await runAgainst(literalPort([viewOf("web"), FAILED, DOWN]), words)).exit).toBe(exit);
});

test("status is well with what waits for its time, and not with what waits for others", async () => {
  const job = viewOf("job", { state: "waiting", pid: null, well: true });
  const held = viewOf("web", { state: "waiting", pid: null, message: 'requires "db", which has failed' });
  for (const words of ["status", "status job"]) expect((await runAgainst(literalPort([job]), words)).exit).toBe(0);
  for (const words of ["status", "status web"]) expect((await runAgainst(literalPort([held]), words)).exit).toBe(3);
});

test("status names what is not well once more where its head has left the screen", async () => {
  const port = literalPort([
    { ...FAILED, well: false },
    ...Array.from({ length: 20 }, (_, index) => viewOf(`w${index}`)),
  ]);
  const conclusion = "\n\n21 services, 1 not well: daemonsup status bad\n";
  expect((await runAgainst(port, "status", { columns: 80, rows: 20 })).out).toEndWith(conclusion);
  expect((await runAgainst(port, "status", { columns: 80, rows: 60 })).out).not.toContain("not well");
  expect((await runAgainst(port, "status")).out).not.toContain("not well");
});

test("status of a name that there is not says which may have been meant", async () => {
  const port = literalPort([viewOf("web")]);
  expect(await runAgainst(port, "status wbe")).toEqual({
    exit: 5,
    out: "",
    err: 'cannot show "wbe": no such service (did you mean "web"?)\n',
  });
  for (const odd of [".", ".."]) expect(await runAgainst(port, `status ${odd}`)).toMatchObject({ exit: 5, out: "" });
});

test("status without names is well when all that is wanted is up or done", async () => {
  const port = literalPort([viewOf("web"), DOWN, viewOf("migrate", { state: "done", pid: null })]);
  expect(await runAgainst(port, "status")).toMatchObject({ exit: 0, err: "" });
  expect(await runAgainst(literalPort([]), "status")).toEqual({ exit: 0, out: "no services\n", err: "" });
  expect(await runAgainst(literalPort([]), "status --json")).toEqual({ exit: 0, out: "[]\n", err: "" });
});

test("status shows a table, one exact name a page, and with --json the services as they are", async () => {
  const views = [viewOf("web"), FAILED];
  expect((await runAgainst(literalPort(views), "status")).out).toMatch(
    /^NAME .*\nbad .*\nweb .*\n\nsupervisor 9.9.9: started 3m 12s ago\n$/,
  );
  expect((await runAgainst(literalPort(views), "status we*")).out).toMatch(/^NAME .*\nweb .*\n$/);
  expect((await runAgainst(literalPort(views), "status web")).out).toStartWith("web - the web\n");
  expect(JSON.parse((await runAgainst(literalPort(views), "status --json")).out)).toEqual(views);
  expect(JSON.parse((await runAgainst(literalPort(views), "status --json web")).out)).toEqual([viewOf("web")]);
});

test("an unknown name is told with the nearest, and the others are still acted on", async () => {
  const port = literalPort([viewOf("web"), viewOf("worker")]);
  const ran = await runAgainst(port, "restart wroker web nope");
  expect(ran.exit).toBe(5);
  expect(ran.out).toBe("web: restarted (pid 1234)\n");
  expect(ran.err.trim().split("\n").toSorted()).toEqual([
    'cannot restart "nope": no such service',
    'cannot restart "wroker": no such service (did you mean "worker"?)',
  ]);
  expect(port.asked).toEqual(["restart web"]);
});

test("names that would mean another path are unknown like any other", async () => {
  const port = literalPort([viewOf("web")]);
  expect(await runAgainst(port, "stop ..")).toEqual({ exit: 5, out: "", err: 'cannot stop "..": no such service\n' });
  expect(await runAgainst(port, "logs .")).toEqual({ exit: 5, out: "", err: 'cannot show ".": no such service\n' });
  expect(port.asked).toEqual([]);
});

test("globs are acted on together, names that cannot be are unknown", async () => {
  const port = literalPort([viewOf("web-1"), viewOf("web-2"), viewOf("db")]);
  expect(await runAgainst(port, "stop web-* .. --json")).toMatchObject({
    exit: 5,
    err: 'cannot stop "..": no such service\n',
  });
  expect(port.asked.toSorted()).toEqual(["stop web-1", "stop web-2"]);
});

/** As it is right after a start: since the very moment that the world calls now. */
const JUST_STARTED = viewOf("web", { since: "2026-01-02T03:07:17.000Z" });

const results: readonly (readonly [Outcome, number])[] = [
  [{ tag: "done", message: null }, 0],
  [{ tag: "failed", message: "exited 1" }, 1],
  [{ tag: "overtaken", message: "overtaken by stop" }, 1],
  [{ tag: "timed-out", message: "still starting after 5s" }, 124],
];

test("what is as it is asked to be already is not said to have been started or stopped", async () => {
  const done: Outcome = { tag: "done", message: null };
  const port = literalPort([viewOf("web"), DOWN], { ask: () => Promise.resolve(done) });
  expect((await runAgainst(port, "start web")).out).toBe("web: up already (pid 1234)\n");
  expect((await runAgainst(port, "stop off")).out).toBe("off: down already\n");
});

test.each(results)("what comes of a start is the status of the command: %j", async (outcome, exit) => {
  const port = literalPort([JUST_STARTED], { ask: () => Promise.resolve(outcome) });
  const ran = await runAgainst(port, "start web --timeout 5s");
  expect(ran.exit).toBe(exit);
  if (outcome.tag === "done") expect(ran.out).toBe("web: started (pid 1234)\n");
  else expect(ran.err).toBe(`cannot start "web": ${outcome.message}\n`);
  expect(JSON.parse((await runAgainst(port, "start web --json")).out)).toEqual([
    { name: "web", result: outcome.tag, message: outcome.message, service: JUST_STARTED },
  ]);
});

test("--no-wait and --timeout reach the supervisor, each request with an identity of its own", async () => {
  const seen: unknown[] = [];
  const identities = new Set<string | null>();
  const port = literalPort([viewOf("web")], {
    ask(_name, verb, options) {
      seen.push([verb, options]);
      identities.add(options.request ?? null);
      return Promise.resolve({ tag: "done", message: null });
    },
  });
  expect((await runAgainst(port, "stop --no-wait web")).out).toBe("web: stop asked for (pid 1234)\n");
  await runAgainst(port, "reload --timeout 2m web");
  const request: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
  expect(seen).toEqual([
    ["stop", { wait: false, timeout: null, request }],
    ["reload", { wait: true, timeout: 120_000, request }],
  ]);
  expect(identities.size).toBe(2);
});

test("a scaling is told by the number of instances, and by what was started and stopped", async () => {
  const outcomes: ScaleOutcome[] = [
    { tag: "scaled", result: "done", added: [], removed: ["w@2"], instances: ["w@1"], notes: [] },
    { tag: "scaled", result: "done", added: [], removed: [], instances: ["w@1", "w@x"], notes: ["w@x is not counted"] },
    {
      tag: "scaled",
      result: "failed",
      added: ["w@2"],
      removed: [],
      instances: ["w@1", "w@2"],
      notes: ["w@2: exited 1"],
    },
  ];
  const seen: unknown[] = [];
  const port = literalPort([], {
    scale(name, count, options) {
      seen.push([name, count, options]);
      return Promise.resolve(outcomes.shift() ?? { tag: "invalid", problems: ["a:1:1: cannot parse"] });
    },
  });
  expect(await runAgainst(port, "scale w 1")).toEqual({ exit: 0, out: "w: 1 instance; stopped: w@2\n", err: "" });
  expect(await runAgainst(port, "scale w file --no-wait")).toEqual({
    exit: 0,
    out: "w: 2 instances, as before\n  note: w@x is not counted\n",
    err: "",
  });
  expect(await runAgainst(port, "scale w 2 --timeout 3s --json")).toMatchObject({
    exit: 1,
    out: expect.stringContaining('"result":"failed"'),
    err: "",
  });
  expect(await runAgainst(port, "scale w 2")).toEqual({
    exit: 6,
    out: "",
    err: 'a:1:1: cannot parse\ncannot scale "w": the configuration is invalid, nothing was changed\n',
  });
  expect(seen.slice(0, 3)).toEqual([
    ["w", 1, { wait: true, timeout: null }],
    ["w", null, { wait: false, timeout: null }],
    ["w", 2, { wait: true, timeout: 3000 }],
  ]);
});

test("a signal goes to each service that is named, before them", async () => {
  const port = literalPort([viewOf("web"), viewOf("db")]);
  expect(await runAgainst(port, "signal hup web")).toEqual({ exit: 0, out: "web: SIGHUP sent (pid 1234)\n", err: "" });
  expect((await runAgainst(port, "signal 15 d*")).exit).toBe(0);
  expect(port.asked).toEqual(["SIGHUP web", "SIGTERM db"]);
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

test("logs are printed with their times, and of several services with their names, in order of time", async () => {
  const past: Readonly<Record<string, readonly string[]>> = { a: ["T2", "T3"], long: ["T1", "T3"] };
  const linesOf = (name: string): readonly LogLine[] => (past[name] ?? []).map((at) => lineOf(name, `of ${name}`, at));
  const port = literalPort([viewOf("a"), viewOf("long")], { logs: (name) => Promise.resolve(linesOf(name)) });
  expect((await runAgainst(port, "logs a")).out).toBe("T2 of a\nT3 of a\n");
  expect((await runAgainst(port, "logs *")).out).toBe("long T1 of long\na    T2 of a\na    T3 of a\nlong T3 of long\n");
  const json = (await runAgainst(port, "logs --json a")).out.trim().split("\n");
  expect(json.map((line) => JSON.parse(line))).toEqual([...linesOf("a")]);
  const unknown = await runAgainst(port, "logs a nope");
  expect(unknown).toMatchObject({
    exit: 5,
    out: expect.stringContaining("T2 of a"),
    err: 'cannot show "nope": no such service\n',
  });
});

test("logs stop without a word when nobody reads them any more", async () => {
  const port = literalPort([viewOf("web")], {
    logs: (name) => Promise.resolve(["1", "2", "3"].map((text) => lineOf(name, text, "T"))),
  });
  expect(await runAgainst(port, "logs web", { readsOnly: 2 })).toEqual({ exit: 0, out: "T 1\nT 2\n", err: "" });
  const following = runAgainst(port, "logs -f web", { readsOnly: 4 });
  await until(() => port.followers.size === 1);
  const timer = setInterval(() => port.followers.forEach((listen) => listen(lineOf("web", "more", "T"))), 5);
  expect(await following).toEqual({ exit: 0, out: "T 1\nT 2\nT 3\nT more\n", err: "" });
  clearInterval(timer);
});

test("several services that are followed end together when nobody reads any more", async () => {
  const port = literalPort([viewOf("web"), viewOf("db")], { logs: () => Promise.resolve([]) });
  const following = runAgainst(port, "logs -f web db", { readsOnly: 0 });
  await until(() => port.followers.size === 2);
  const [one] = port.followers;
  one?.(lineOf("web", "nobody reads this"));
  expect(await following).toEqual({ exit: 0, out: "", err: "" });
});

test("what is followed ends with the supervisor", async () => {
  const port = literalPort([viewOf("web")]);
  await using server = serveTemporarily(port);
  const env = { DAEMONSUP_RUNTIME_DIR: server.directory };
  const logs = run("logs -f -n 1 web", literalWorld({ env }));
  const events = run("events", literalWorld({ env }));
  await until(() => port.followers.size === 1 && port.listeners.size === 1);
  port.listeners.forEach((listen) => listen(eventOf(1)));
  await server.close();
  expect(await logs).toEqual({ exit: 0, out: "2026-01-02T03:04:05.000Z second\n", err: "" });
  expect(await events).toEqual({ exit: 0, out: "2026-01-02T03:04:05.000Z web: starting -> up (pid 7)\n", err: "" });
});

test("events with names shows what happens to these alone, and refuses names that there are not", async () => {
  const port = literalPort([viewOf("web"), viewOf("db")]);
  await using server = serveTemporarily(port);
  const env = { DAEMONSUP_RUNTIME_DIR: server.directory };
  const one = run("events web", literalWorld({ env }));
  const glob = run("events d*", literalWorld({ env }));
  await until(() => port.listeners.size === 2);
  port.happen(eventOf(1));
  port.happen({ ...eventOf(2), service: "db" });
  port.happen({ ...eventOf(3), service: null });
  await server.close();
  expect((await one).out).toMatch(/^\S+ web: [^\n]*\n$/);
  expect((await glob).out).toMatch(/^\S+ db: [^\n]*\n$/);
  expect(await runAgainst(port, "events wbe")).toEqual({
    exit: 5,
    out: "",
    err: 'cannot show "wbe": no such service (did you mean "web"?)\n',
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

test("on a terminal a wait is spoken of, and Ctrl-C ends it without ending what is waited for", async () => {
  const decided = Promise.withResolvers<Outcome>();
  const port = literalPort([viewOf("web"), { ...JUST_STARTED, name: "db" }], {
    ask: (name) => (name === "web" ? decided.promise : Promise.resolve({ tag: "done", message: null })),
  });
  await using server = serveTemporarily(port);
  const world = literalWorld({ columns: 80, env: { DAEMONSUP_RUNTIME_DIR: server.directory } });
  const running = run("start web db", world);
  await until(() => world.written.err.includes("(Ctrl-C ends only the waiting)"));
  expect(world.written.out).toBe("db: started (pid 1234)\n");
  expect(world.written.err).toMatch(/web: up, 3m 12s\n/);
  expect(world.written.err).not.toContain("db");
  world.interrupt();
  expect(await running).toMatchObject({
    exit: 130,
    err: expect.stringContaining("interrupted: the start of web goes on"),
  });
});

test("on a terminal that cannot go back a wait is spoken of with its reason, and again when that is another one", async () => {
  const decided = Promise.withResolvers<Outcome>();
  const reasons = ['requires "db", which is starting', 'requires "db", which is starting', "not ready yet"];
  let asked = 0;
  const view = () => viewOf("web", { state: "waiting", pid: null, message: reasons[asked++] ?? "not ready yet" });
  const port = literalPort([], { ask: () => decided.promise, service: view });
  await using server = serveTemporarily(port);
  const env = { DAEMONSUP_RUNTIME_DIR: server.directory, TERM: "dumb" };
  const world = literalWorld({ columns: 80, env });
  const running = run("start web", world);
  await until(() => asked >= 4);
  decided.resolve({ tag: "done", message: null });
  expect((await running).err).toBe(
    [
      'web: waiting, requires "db", which is starting (Ctrl-C ends only the waiting)',
      "web: waiting, not ready yet",
      "",
    ].join("\n"),
  );
});
