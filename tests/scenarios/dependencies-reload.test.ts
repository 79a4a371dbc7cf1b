/* Links that a reload adds, takes away or leaves hanging, while everything runs. */
import { expect, test } from "bun:test";
import { program } from "./definitions.ts";
import { expectStory, gated, open, storyOf } from "./gated-services.ts";
import { TestPlace, TestSupervisor, hasEnded } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);

async function pidOf(supervisor: TestSupervisor, name: string): Promise<number> {
  return (await supervisor.until(name, (view) => view.state === "up")).pid ?? 0;
}

async function reload(supervisor: TestSupervisor): Promise<void> {
  supervisor.kill("SIGHUP");
  const count = supervisor.events.filter((event) => event.event === "reload").length;
  await supervisor.event(() => supervisor.events.filter((event) => event.event === "reload").length > count);
}

test("a link that a reload adds counts from then on, without a restart", async () => {
  await using supervisor = await TestSupervisor.start({ "app.toml": SLEEPER, "db.toml": SLEEPER });
  const pids = [await pidOf(supervisor, "app"), await pidOf(supervisor, "db")];
  supervisor.place.write("app.toml", program(["sleep", "1000"], 'requires = ["db"]'));
  await reload(supervisor);
  expect([await pidOf(supervisor, "app"), await pidOf(supervisor, "db")]).toEqual(pids);
  expect(await supervisor.command("stop", "db")).toMatchObject({ code: 0 });
  await expectStory(supervisor, ["app stopping", "app waiting", "db stopping", "db down"]);
  expect((await supervisor.service("app")).message).toBe('requires "db", which was stopped by hand');
});

test("a link that a reload takes away holds nobody back any more", async () => {
  const place = new TestPlace({ "app.toml": program(["sleep", "1000"], 'requires = ["db"]') });
  place.write("db.toml", gated(place, "db"));
  await using supervisor = await place.start();
  await supervisor.until("app", (view) => view.message === 'requires "db", which is starting');
  place.write("app.toml", SLEEPER);
  await reload(supervisor);
  await supervisor.until("app", (view) => view.state === "up");
  expect((await supervisor.service("db")).state).toBe("starting");
  expect(await supervisor.command("stop", "db")).toMatchObject({ code: 0 });
  expect((await supervisor.service("app")).state).toBe("up");
});

test("a requirement that a reload removes stops after those that need it no longer know of it", async () => {
  await using supervisor = await TestSupervisor.start({
    "app.toml": program(["sleep", "1000"], 'requires = ["db"]'),
    "db.toml": SLEEPER,
  });
  const [app, db] = [await pidOf(supervisor, "app"), await pidOf(supervisor, "db")];
  supervisor.place.remove("db.toml");
  // Whoever names it still is a mistake, and nothing is changed.
  const refused = await supervisor.command("reload");
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain('there is no service "db"');
  expect([await pidOf(supervisor, "app"), await pidOf(supervisor, "db")]).toEqual([app, db]);
  supervisor.place.write("app.toml", SLEEPER);
  await reload(supervisor);
  await supervisor.event((event) => event.event === "removed" && event.service === "db");
  expect(hasEnded(db)).toBe(true);
  expect(await pidOf(supervisor, "app")).toBe(app);
});

test("a service and its requirement that a reload removes stop in order", async () => {
  await using supervisor = await TestSupervisor.start({
    "app.toml": program(["sleep", "1000"], 'requires = ["db"]'),
    "db.toml": SLEEPER,
    "other.toml": SLEEPER,
  });
  for (const name of ["app", "db"]) await pidOf(supervisor, name);
  for (const name of ["app", "db"]) supervisor.place.remove(`${name}.toml`);
  await reload(supervisor);
  await supervisor.event((event) => event.event === "removed" && event.service === "db");
  await expectStory(supervisor, ["app stopping", "app down", "db stopping", "db down"]);
});

test("services that a reload adds start in their order, whatever their names", async () => {
  const place = new TestPlace({ "other.toml": SLEEPER });
  await using supervisor = await place.start();
  place.write("a.toml", program(["sleep", "1000"], 'after = ["b"]'));
  place.write("b.toml", gated(place, "b").replace('start = "manual"', 'requires = ["c"]'));
  place.write("c.toml", gated(place, "c").replace('start = "manual"', ""));
  await reload(supervisor);
  await supervisor.until("c", (view) => view.state === "starting" && view.pid !== null);
  expect(storyOf(supervisor, { services: ["a", "b"], states: ["starting", "up"] })).toEqual([]);
  open(place, "c");
  await supervisor.until("b", (view) => view.state === "starting");
  open(place, "b");
  await expectStory(supervisor, ["c up", "b up", "a up"]);
});

test("a changed requirement restarts with those that need it, in order, and each of them once", async () => {
  await using supervisor = await TestSupervisor.start({
    "app.toml": program(["sleep", "1000"], 'requires = ["db"]'),
    "db.toml": SLEEPER,
    "web.toml": program(["sleep", "1000"], 'after = ["db"]'),
  });
  for (const name of ["app", "db", "web"]) await pidOf(supervisor, name);
  for (const [name, links] of [
    ["app", 'requires = ["db"]'],
    ["db", ""],
    ["web", 'after = ["db"]'],
  ] as const)
    supervisor.place.write(`${name}.toml`, program(["sleep", "2000"], links));
  const since = supervisor.events.length;
  await reload(supervisor);
  for (const name of ["app", "db", "web"]) await supervisor.until(name, (view) => view.state === "up" && !view.stale);
  const of = (services: readonly string[]): string[] =>
    storyOf(supervisor, { services, states: ["stopping", "up"], since });
  expect(of(["app", "db"])).toEqual(["app stopping", "db stopping", "db up", "app up"]);
  expect(of(["web", "db"])).toEqual(["web stopping", "db stopping", "db up", "web up"]);
});
