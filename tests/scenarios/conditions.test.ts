/* Services that are only started where something holds. */
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { rmSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { TestPlace, signalProcess } from "./test-supervisor.ts";

const SLEEPER = ["sleep", "1000"] as const;

test("a service whose condition is not met is down with the reason, and those that need it say so", async () => {
  const place = new TestPlace({});
  const data = place.path("data");
  place.write("db.toml", program(SLEEPER, `[condition]\npath_exists = ["${data}"]`));
  place.write("app.toml", program(SLEEPER, 'requires = ["db"]'));
  place.write("loose.toml", program(SLEEPER, 'wants = ["db"]'));
  await using supervisor = await place.start();
  const reason = `its condition is not met: "${data}" does not exist`;
  const db = await supervisor.until("db", (view) => view.message !== null);
  expect(db).toMatchObject({ state: "down", want: "up", pid: null, message: reason, last_exit: null });
  await supervisor.until("app", (view) => view.message === `requires "db", which is down: ${reason}`);
  await supervisor.until("loose", (view) => view.state === "up");
  // Not met is no failure, but what needs it cannot start.
  const start = await supervisor.command("start", "db");
  expect(start.code).toBe(0);
  expect(start.stdout + start.stderr).toContain(reason);
  const app = await supervisor.command("start", "app");
  expect(app.code).toBe(1);
  expect(app.stderr).toContain(reason);
  writeFileSync(data, "");
  expect(await supervisor.command("start", "db")).toMatchObject({ code: 0 });
  await supervisor.until("app", (view) => view.state === "up");
});

test("conditions are looked at before each start, and never stop what runs", async () => {
  const place = new TestPlace({});
  const data = place.path("data");
  writeFileSync(data, "");
  place.write("db.toml", program(SLEEPER, `[condition]\npath_exists = ["${data}"]\n[restart]\ndelay = "0ms"`));
  await using supervisor = await place.start();
  const { pid } = await supervisor.until("db", (view) => view.state === "up");
  rmSync(data);
  expect(await supervisor.service("db")).toMatchObject({ state: "up", pid });
  signalProcess(pid, "SIGKILL");
  const view = await supervisor.until("db", (now) => now.state === "down");
  expect(view.message).toContain("does not exist");
});

test("all conditions must hold", async () => {
  const place = new TestPlace({});
  writeFileSync(place.path("full"), "text");
  writeFileSync(place.path("empty"), "");
  const [full, empty, none] = ["full", "empty", "none"].map((name) => place.path(name));
  const wrong: Readonly<Record<string, string>> = {
    path_missing: `["${full}"]`,
    file_not_empty: `["${full}", "${empty}"]`,
    directory_not_empty: `["${none}"]`,
    host: '["no-such-host*"]',
  };
  const right = `path_exists = ["${full}"]\npath_missing = ["${none}"]\nfile_not_empty = ["${full}"]\ndirectory_not_empty = ["${place.config}"]\nhost = ["${hostname()}"]`;
  place.write("right.toml", program(SLEEPER, `[condition]\n${right}`));
  for (const [key, value] of Object.entries(wrong)) {
    const lines = right.split("\n").filter((line) => !line.startsWith(`${key} `));
    place.write(`${key}.toml`, program(SLEEPER, `[condition]\n${lines.join("\n")}\n${key} = ${value}`));
  }
  await using supervisor = await place.start();
  await supervisor.until("right", (view) => view.state === "up");
  const messages = new Map<string, string | null>();
  for (const key of Object.keys(wrong))
    messages.set(key, (await supervisor.until(key, (view) => view.message !== null)).message);
  const unmet = (what: string): string => `its condition is not met: ${what}`;
  expect(messages.get("path_missing")).toBe(unmet(`"${full}" exists`));
  expect(messages.get("file_not_empty")).toStartWith(unmet(`"${empty}" is`));
  expect(messages.get("directory_not_empty")).toStartWith(unmet(`"${none}" is`));
  expect(messages.get("host")).toBe(unmet(`this host is "${hostname()}"`));
});
