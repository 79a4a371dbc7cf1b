import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { untilListening } from "./socket-clients.ts";
import { TestPlace, TestSupervisor } from "./test-supervisor.ts";

const NIGHTLY = '\n[schedule]\ncron = "0 3 1 1 *"\n';

test("status ends with 0 if all that is wanted is up, or waits for its time, a connection or its condition", async () => {
  const place = new TestPlace({
    "up.toml": program(["sleep", "1000"]),
    "nightly.toml": program(["true"], `type = "oneshot"${NIGHTLY}`),
  });
  mkdirSync(place.path("there"));
  place.write("unmet.toml", program(["sleep", "1000"], `condition = { path_exists = ["${place.path("nowhere")}"] }`));
  const socket = `[sockets.main]\nlisten = "${place.path("s")}"\non_demand = true\n`;
  place.write("called.toml", program(["sleep", "1000"], `\n${socket}`));
  await using supervisor = await place.start();
  await supervisor.until("up", (view) => view.state === "up");
  expect((await supervisor.services()).map(({ name, state, well }) => [name, state, well])).toEqual([
    ["called", "waiting", true],
    ["nightly", "waiting", true],
    ["unmet", "down", true],
    ["up", "up", true],
  ]);
  for (const names of [[], ["called"], ["nightly"], ["unmet"]])
    expect((await supervisor.command("status", ...names)).code).toBe(0);
  const { stdout } = await supervisor.command("status");
  expect(stdout).toMatch(/^nightly +waiting .* starts in \d+d/m);
  expect(stdout).toMatch(/^called +waiting .* starts at the first connection$/m);
  expect(stdout).toMatch(/^unmet +down .*nowhere/m);
});

test("status ends with 3 if what is wanted waits for others, or its last run by schedule has failed", async () => {
  await using supervisor = await TestSupervisor.start({
    "db.toml": shell("exit 4", 'type = "oneshot"'),
    "web.toml": program(["sleep", "1000"], 'requires = ["db"]'),
    "nightly.toml": shell("exit 5", `type = "oneshot"${NIGHTLY}`),
  });
  await supervisor.until("web", (view) => view.state === "waiting");
  const web = await supervisor.command("status", "web");
  expect([web.code, web.stdout]).toEqual([3, expect.stringContaining('requires "db", which has failed: exited 4')]);
  expect((await supervisor.command("status", "nightly")).code).toBe(0);
  await supervisor.command("run", "nightly");
  const nightly = await supervisor.command("status", "nightly");
  expect([nightly.code, nightly.stdout]).toEqual([3, expect.stringContaining("the last run failed: exited 5")]);
});

test("status shows which hook is at work", async () => {
  const place = new TestPlace({});
  const until = (name: string): string => `until [ -e ${place.path(name)} ]; do sleep 0.01; done`;
  place.write(
    "web.toml",
    `${program(["sleep", "1000"])}\n[hooks.before_start]\ncommand = ["sh", "-c", "${until("go")}"]\n`,
  );
  const starting = place.start();
  await untilListening(place.path("run", "control.sock"));
  const early = await TestSupervisor.connect(place);
  await early.until("web", (view) => view.message === "its before_start hook is at work");
  expect((await early.command("status")).stdout).toMatch(/^web +starting .* its before_start hook is at work$/m);
  await Bun.write(place.path("go"), "");
  await using supervisor = await starting;
  await supervisor.until("web", (view) => view.state === "up");
});
