import { expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import type { ServiceView } from "../../src/core/service-view.ts";
import { program } from "./definitions.ts";
import { TestPlace, untilTrue } from "./test-supervisor.ts";

const SLEEPER = program(["sleep", "1000"]);

test("status says which services' files differ from what runs, until they are read again", async () => {
  const place = new TestPlace({ "web.toml": SLEEPER, "db.toml": SLEEPER, "gone.toml": SLEEPER });
  writeFileSync(place.path("my.env"), "LONG=1000\n");
  place.write("env.toml", program(["sleep", "${LONG}"], `environment_file = "${place.path("my.env")}"`));
  await using supervisor = await place.start();
  const stale = async (): Promise<readonly string[]> => {
    const views = JSON.parse((await supervisor.command("status", "--json")).stdout) as readonly ServiceView[];
    return views.filter((view) => view.stale).map(({ name }) => name);
  };
  expect(await stale()).toEqual([]);
  place.write("web.toml", program(["sleep", "2000"]));
  utimesSync(place.path("my.env"), 1, 1);
  place.remove("gone.toml");
  place.write("new.toml", SLEEPER);
  expect(await stale()).toEqual(["env", "gone", "web"]);
  const block = (await supervisor.command("status", "web")).stdout;
  expect(block).toContain("stale        its files have changed since they were read, reload reads them again\n");
  // A look at what would be done reads them, but does not make it so.
  await supervisor.command("reload", "--dry-run");
  expect(await stale()).toEqual(["env", "gone", "web"]);
  const { pid } = await supervisor.service("web");
  await supervisor.command("reload");
  // Until it has ended, what runs has its earlier definition, and status says so.
  await supervisor.until("web", (view) => view.state === "up" && view.pid !== pid);
  await untilTrue(async () => !(await supervisor.services()).some(({ name }) => name === "gone"));
  expect(await stale()).toEqual([]);
  place.write("daemonsup.toml", "# defaults of all\n");
  expect(await stale()).toEqual(["db", "env", "new", "web"]);
});

test("a reload that is refused leaves the files as different as they were", async () => {
  const place = new TestPlace({ "web.toml": SLEEPER });
  await using supervisor = await place.start();
  place.write("web.toml", "command = \n");
  expect((await supervisor.command("reload")).code).toBe(6);
  expect((await supervisor.service("web")).stale).toBe(true);
});
