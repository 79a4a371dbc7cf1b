/* Starts in the order of readiness, and what a service says while it waits for others. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { close, expectStory, gated, open } from "./gated-services.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, type TestSupervisor, run, signalProcess } from "./test-supervisor.ts";

const MANUAL = 'start = "manual"';
const SLEEPER = program(["sleep", "1000"], MANUAL);

/** Starts a supervisor with nothing running yet; `services` are made for its place. */
async function started(services: (place: TestPlace) => Readonly<Record<string, string>>): Promise<TestSupervisor> {
  const place = new TestPlace({});
  for (const [name, text] of Object.entries(services(place))) place.write(`${name}.toml`, text);
  return await place.start();
}

/** A client command that is watched while it waits. */
function command(supervisor: TestSupervisor, ...words: readonly string[]): RunningCommand {
  return new RunningCommand([BINARY, ...words], { DAEMONSUP_RUNTIME_DIR: supervisor.place.runtime });
}

describe("the start of a service", () => {
  test("in a chain waits until each before it is ready, also for the one that it does not name", async () => {
    await using supervisor = await started((place) => ({
      web: gated(place, "web", 'requires = ["app"]'),
      app: gated(place, "app", 'requires = ["db"]'),
      db: gated(place, "db"),
      other: SLEEPER,
    }));
    const { place } = supervisor;
    await using start = command(supervisor, "start", "web");
    await supervisor.until("db", (view) => view.state === "starting" && view.pid !== null);
    const web = await supervisor.until("web", (view) => view.state === "waiting");
    expect(web).toMatchObject({
      pid: null,
      message: 'requires "app", which is waiting',
    });
    open(place, "db");
    await supervisor.until("app", (view) => view.state === "starting");
    expect(await supervisor.service("web")).toMatchObject({
      state: "waiting",
      message: 'requires "app", which is starting',
    });
    open(place, "app");
    open(place, "web");
    expect(await start.ended).toEqual({ code: 0, signal: null });
    await expectStory(supervisor, ["db starting", "db up", "app starting", "app up", "web starting", "web up"]);
    expect(await supervisor.service("other")).toMatchObject({ state: "down", want: "down" });
  });

  test("in a diamond starts both sides at once, and what needs both after the later of them", async () => {
    await using supervisor = await started((place) => ({
      top: program(["sleep", "1000"], `${MANUAL}\nrequires = ["left"]\nwants = ["right"]`),
      left: gated(place, "left", 'requires = ["base"]'),
      right: gated(place, "right", 'requires = ["base"]'),
      base: gated(place, "base"),
    }));
    const { place } = supervisor;
    await using start = command(supervisor, "start", "top");
    await supervisor.until("base", (view) => view.state === "starting");
    open(place, "base");
    for (const side of ["left", "right"]) await supervisor.until(side, (view) => view.state === "starting");
    open(place, "left");
    await supervisor.until("left", (view) => view.state === "up");
    expect(await supervisor.service("top")).toMatchObject({
      state: "waiting",
      message: 'after "right", which is starting',
    });
    open(place, "right");
    expect(await start.ended).toEqual({ code: 0, signal: null });
    await expectStory(supervisor, ["base up", "left up", "right up", "top up"]);
  });

  test("waits for a oneshot until that is done", async () => {
    await using supervisor = await started((place) => ({
      app: program(["sleep", "1000"], `${MANUAL}\nrequires = ["migrate"]`),
      migrate: shell(`until [ -e "${place.path("go")}" ]; do sleep 0.01; done`, `type = "oneshot"\n${MANUAL}`),
    }));
    await using start = command(supervisor, "start", "app");
    await supervisor.until("migrate", (view) => view.state === "starting");
    expect(await supervisor.service("app")).toMatchObject({
      state: "waiting",
      message: 'requires "migrate", which is starting',
    });
    writeFileSync(supervisor.place.path("go"), "");
    expect(await start.ended).toEqual({ code: 0, signal: null });
    await expectStory(supervisor, ["migrate done", "app up"]);
  });

  test("goes on without what it only wants once that has failed", async () => {
    await using supervisor = await started(() => ({
      app: program(["sleep", "1000"], `${MANUAL}\nwants = ["cache"]`),
      cache: shell("exit 3", `${MANUAL}\n[restart]\npolicy = "never"\n[ready]\nlog = "never"`),
    }));
    expect(await supervisor.command("start", "app")).toMatchObject({ code: 0 });
    await expectStory(supervisor, ["cache failed", "app up"]);
  });

  test("by after and before waits for others that are being started, and brings nobody in", async () => {
    await using supervisor = await started((place) => ({
      app: program(["sleep", "1000"], `${MANUAL}\nafter = ["net"]`),
      net: gated(place, "net"),
      first: gated(place, "first", 'before = ["app"]'),
    }));
    const { place } = supervisor;
    expect(await supervisor.command("start", "app")).toMatchObject({ code: 0 });
    expect((await supervisor.service("net")).state).toBe("down");
    expect(await supervisor.command("stop", "app")).toMatchObject({ code: 0 });
    const seen = supervisor.events.length;
    for (const name of ["net", "first"]) {
      await supervisor.request("POST", `/v1/services/${name}/start`, { wait: false });
    }
    await using start = command(supervisor, "start", "app");
    for (const [name, which] of [
      ["net", /after "(net|first)", which is starting/],
      ["first", /after "first", which is starting/],
    ] as const) {
      await supervisor.until("app", (view) => view.state === "waiting" && which.test(view.message ?? ""));
      open(place, name);
      await supervisor.until(name, (view) => view.state === "up");
    }
    expect(await start.ended).toEqual({ code: 0, signal: null });
    await expectStory(supervisor, ["net up", "first up", "app up"], seen);
  });
});

describe("a start that waits for a requirement which cannot start", () => {
  const failing = (place: TestPlace): string =>
    shell(`[ -e "${place.path("mended")}" ] || exit 3; echo ready; exec sleep 1000`, `${MANUAL}\n${SLOW_RESTART}`);
  const SLOW_RESTART = '[restart]\ndelay = "1h"\nmax_delay = "1h"\n[ready]\nlog = "^ready$"';

  test("ends with the reason, and is carried out by itself once the requirement has recovered", async () => {
    await using supervisor = await started((place) => ({
      app: program(["sleep", "1000"], `${MANUAL}\nrequires = ["db"]`),
      db: failing(place),
    }));
    const failed = await supervisor.command("start", "app");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      'cannot start "app": requires "db", which is tried again: exited 3; it is started when that is no longer so',
    );
    expect(await supervisor.service("app")).toMatchObject({ state: "waiting", want: "up" });
    expect((await supervisor.command("status", "app")).code).toBe(3);
    writeFileSync(supervisor.place.path("mended"), "");
    expect(await supervisor.command("start", "db")).toMatchObject({ code: 0 });
    await supervisor.until("app", (view) => view.state === "up");
    await expectStory(supervisor, ["db up", "app up"]);
  });

  test("ends with the reason where the requirement has given up", async () => {
    await using supervisor = await started(() => ({
      app: program(["sleep", "1000"], `${MANUAL}\nrequires = ["db"]`),
      db: shell("exit 3", `${MANUAL}\n[restart]\npolicy = "never"\n[ready]\nlog = "never"`),
    }));
    const failed = await supervisor.command("start", "app");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/requires "db", which has failed: exited 3/);
  });

  test("is called off by a stop", async () => {
    await using supervisor = await started((place) => ({
      app: program(["sleep", "1000"], `${MANUAL}\nrequires = ["db"]`),
      db: gated(place, "db"),
    }));
    await using start = command(supervisor, "start", "app");
    await supervisor.until("app", (view) => view.state === "waiting");
    expect(await supervisor.command("stop", "app")).toMatchObject({ code: 0 });
    expect((await start.ended).code).toBe(1);
    expect(start.stderr).toContain("overtaken by stop");
    open(supervisor.place, "db");
    await supervisor.until("db", (view) => view.state === "up");
    expect(await supervisor.service("app")).toMatchObject({ state: "down", want: "down" });
  });

  test("does not hold up the start of the supervisor, and the rest starts", async () => {
    using place = new TestPlace({});
    place.write("db.toml", failing(place).replace(MANUAL, ""));
    place.write("app.toml", program(["sleep", "1000"], 'requires = ["db"]'));
    place.write("other.toml", program(["sleep", "1000"]));
    await using supervisor = await place.start();
    expect(await supervisor.service("app")).toMatchObject({ state: "waiting" });
    await supervisor.until("other", (view) => view.state === "up");
    await supervisor.until("app", (view) => view.message === 'requires "db", which is tried again: exited 3');
  });
});

test("a requirement that is killed leaves those that need it running, unless they ask to be restarted with it", async () => {
  await using supervisor = await started((place) => ({
    db: gated(place, "db", "[restart]\ndelay = '0ms'"),
    loose: program(["sleep", "1000"], `${MANUAL}\nrequires = ["db"]`),
    bound: program(["sleep", "1000"], `${MANUAL}\nrequires = [{ name = "db", restart_with = true }]`),
    above: program(["sleep", "1000"], `${MANUAL}\nrequires = ["bound"]`),
  }));
  const { place } = supervisor;
  open(place, "db");
  expect(await supervisor.command("start", "loose", "above")).toMatchObject({ code: 0 });
  const before = new Map((await supervisor.services()).map((view) => [view.name, view.pid]));
  const seen = supervisor.events.length;
  close(place, "db");
  signalProcess(before.get("db"), "SIGKILL");
  const bound = await supervisor.until("bound", (view) => view.state === "waiting");
  expect(bound.message).toMatch(/^requires "db", which is/);
  open(place, "db");
  const again = await supervisor.until("above", (view) => view.state === "up" && view.pid !== before.get("above"));
  expect(again.restarts).toBe(0);
  expect(await supervisor.service("loose")).toMatchObject({ state: "up", pid: before.get("loose") ?? 0 });
  await expectStory(supervisor, ["above stopping", "bound stopping", "db up", "bound up", "above up"], seen);
});

test("services that conflict make way for each other, and those that need them say why they are down", async () => {
  await using supervisor = await started((place) => ({
    blue: shell(
      `trap 'until [ -e "${place.path("go")}" ]; do sleep 0.01; done; exit' TERM; echo set; while :; do sleep 0.01; done`,
      MANUAL,
    ),
    green: program(["sleep", "1000"], `${MANUAL}\nconflicts = ["blue"]`),
    web: program(["sleep", "1000"], `${MANUAL}\nrequires = ["blue"]`),
  }));
  expect(await supervisor.command("start", "web")).toMatchObject({ code: 0 });
  await supervisor.line("blue", (text) => text === "set");
  await using start = command(supervisor, "start", "green");
  await supervisor.until("blue", (view) => view.state === "stopping");
  expect(await supervisor.service("green")).toMatchObject({
    state: "waiting",
    message: 'conflicts with "blue", which still runs',
  });
  writeFileSync(supervisor.place.path("go"), "");
  expect(await start.ended).toEqual({ code: 0, signal: null });
  expect(await supervisor.service("blue")).toMatchObject({ state: "down", want: "down" });
  expect(await supervisor.service("web")).toMatchObject({
    state: "waiting",
    message: 'requires "blue", which is down',
  });
  // And the other way round: the one that is named stops the one that names it, and who needs it follows by itself.
  expect(await supervisor.command("start", "blue")).toMatchObject({ code: 0 });
  expect(await supervisor.service("green")).toMatchObject({ state: "down", want: "down" });
  await supervisor.until("web", (view) => view.state === "up");
});

test("a name that no service has is told with the file that wants it, beside every other problem", async () => {
  using place = new TestPlace({
    "app.toml": program(["true"], 'requires = ["dbb"]'),
    "db.toml": program(["true"], 'after = ["nobody"]'),
    "web.toml": program(["true"], 'strat = "auto"'),
  });
  const { code, stdout, stderr } = await run([BINARY, "check", place.config]);
  expect(code).toBe(6);
  const text = stdout + stderr;
  expect(text).toMatch(/app\.toml:2:\d+: .*there is no service "dbb".*"db"/s);
  expect(text).toMatch(/db\.toml:2:\d+: .*there is no service "nobody"/);
  expect(text).toMatch(/web\.toml:2:1: .*"strat"/);
});

test("what a oneshot provides need not be there before: the service that requires it is judged when its turn comes", async () => {
  await using supervisor = await started((place) => ({
    setup: shell(`mkdir ${place.path("made")}`, 'type = "oneshot"'),
    web: program(["sleep", "1000"], `requires = ["setup"]\ndirectory = "${place.path("made")}"`),
  }));
  await supervisor.until("web", (view) => view.state === "up");
  expect(await supervisor.service("web")).toMatchObject({ restarts: 0 });
});
