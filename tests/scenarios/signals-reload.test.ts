import { expect, test } from "bun:test";
import { existsSync, rmSync, statSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { factsOf } from "./process-facts.ts";
import { TestSupervisor, untilTrue } from "./test-supervisor.ts";

const SLEEP = program(["sleep", "1000"]);

test("SIGHUP starts what was added, stops what was removed, restarts what changed and leaves the rest alone", async () => {
  await using supervisor = await TestSupervisor.start({
    "same.toml": SLEEP,
    "gone.toml": SLEEP,
    "changed.toml": SLEEP,
    "adjusted.toml": SLEEP,
  });
  const { place } = supervisor;
  const before = new Map((await supervisor.services()).map((view) => [view.name, view]));
  place.write("added.toml", SLEEP);
  place.remove("gone.toml");
  place.write("changed.toml", program(["sleep", "2000"]));
  place.write("adjusted.toml", program(["sleep", "1000"], 'description = "other words"\n[stop]\ntimeout = "7s"'));
  supervisor.kill("SIGHUP");

  await supervisor.event((event) => event.event === "removed" && event.service === "gone");
  await supervisor.until("added", (view) => view.state === "up");
  const changed = await supervisor.until(
    "changed",
    (view) => view.state === "up" && view.pid !== before.get("changed")?.pid,
  );
  const after = await supervisor.services();
  expect(after.map((view) => view.name)).toEqual(["added", "adjusted", "changed", "same"]);
  for (const name of ["same", "adjusted"])
    expect(after.find((view) => view.name === name)).toMatchObject({
      pid: before.get(name)?.pid ?? 0,
      since: before.get(name)?.since ?? "",
      restarts: 0,
      state: "up",
    });
  expect(after.find((view) => view.name === "adjusted")?.description).toBe("other words");
  expect(factsOf(changed.pid ?? 0).parent).toBe(supervisor.supervisorPid);
  await untilTrue(() => place.marked().length === 4);
});

test("SIGHUP with anything invalid changes nothing, relays nothing and tells every problem with its place", async () => {
  await using supervisor = await TestSupervisor.start({
    "catcher.toml": shell("trap : HUP; echo ready; while :; do sleep 1000 & wait; done"),
    "gone.toml": SLEEP,
  });
  const { place } = supervisor;
  await supervisor.line("catcher", (text) => text === "ready");
  const before = await supervisor.services();
  place.remove("gone.toml");
  place.write("added.toml", SLEEP);
  place.write("wrong-key.toml", `${SLEEP}strat = "auto"\n`);
  place.write("wrong-text.toml", 'command = ["true"\n');
  supervisor.kill("SIGHUP");
  await supervisor.event((event) => event.event === "problem");

  const identity = ({ name, pid, state, since }: (typeof before)[number]) => ({ name, pid, state, since });
  expect((await supervisor.services()).map(identity)).toEqual(before.map(identity));
  expect(supervisor.events.filter((event) => event.event === "relay" || event.event === "reload")).toEqual([]);
  const reply = await supervisor.command("reload");
  expect(reply.code).toBe(6);
  for (const pattern of [/wrong-key\.toml:\d+:\d+: /, /wrong-text\.toml:\d+:\d+: /]) {
    expect(reply.stderr).toMatch(pattern);
    await place.logged(pattern);
  }

  // Once it is put right, the next one does all of it.
  place.remove("wrong-key.toml");
  place.remove("wrong-text.toml");
  supervisor.kill("SIGHUP");
  await supervisor.event((event) => event.event === "reload");
  await supervisor.until("added", (view) => view.state === "up");
  await supervisor.event((event) => event.event === "removed" && event.service === "gone");
});

test("an empty or vanished directory of definitions is no request to stop everything", async () => {
  await using supervisor = await TestSupervisor.start({ "sleeper.toml": SLEEP });
  const before = await supervisor.service("sleeper");
  supervisor.place.remove("sleeper.toml");
  supervisor.kill("SIGHUP");
  await supervisor.event((event) => event.event === "problem");
  expect(await supervisor.service("sleeper")).toMatchObject({ pid: before.pid, state: "up" });
});

test("a hundred SIGHUPs in a row are as good as one, and nothing is started twice", async () => {
  await using supervisor = await TestSupervisor.start({ "same.toml": SLEEP, "changed.toml": SLEEP });
  const same = await supervisor.service("same");
  supervisor.place.write("changed.toml", program(["sleep", "2000"]));
  supervisor.place.write("added.toml", SLEEP);
  for (let count = 0; count < 100; count++) supervisor.kill("SIGHUP");
  await supervisor.event((event) => event.event === "reload");
  await supervisor.until("added", (view) => view.state === "up");
  // A reload that is asked for now comes after all of them.
  expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
  await supervisor.until("changed", (view) => view.state === "up" && !view.stale);
  const after = await supervisor.services();
  expect(after.map(({ name, state }) => [name, state])).toEqual([
    ["added", "up"],
    ["changed", "up"],
    ["same", "up"],
  ]);
  expect(after.find((view) => view.name === "same")?.pid).toBe(same.pid);
  const starts = supervisor.events.filter((event) => event.event === "state" && event.state === "starting");
  expect(starts.filter((event) => event.service === "added")).toHaveLength(1);
  expect(starts.filter((event) => event.service === "changed").length).toBeLessThanOrEqual(1);
  await untilTrue(() => supervisor.place.marked().length === 3);
});

test("what a successor goes by is written again by SIGHUP if it was taken away, although no file has changed", async () => {
  await using supervisor = await TestSupervisor.start({ "same.toml": SLEEP });
  const path = supervisor.place.path("run", "configuration");
  const before = statSync(path).ino;
  expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
  expect(statSync(path).ino).toBe(before);
  rmSync(path);
  expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
  expect(existsSync(path)).toBe(true);
});
