/* Log files for which a service does not wait: what is on its way there when the service logs elsewhere, or everything ends. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { TestPlace, untilTrue } from "./test-supervisor.ts";

const LOG = '[log]\nstamp = "none"\nwhen_slow = "drop"\nbuffer = "64MiB"\n';

function linesIn(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

function upTo(most: number): readonly string[] {
  return Array.from({ length: most }, (_, index) => String(index + 1));
}

test("a reload to another file in the middle of a burst leaves every line in one of the two, whole and in order", async () => {
  using place = new TestPlace({});
  const MOST = 400_000;
  const [before, after] = [place.path("before.log"), place.path("after.log")];
  const fifo = place.path("fifo");
  // It is there once it is read.
  const opened = `mkfifo ${fifo}.new; exec 3<> ${fifo}.new; mv ${fifo}.new ${fifo}`;
  const write = (file: string): void =>
    place.write(
      "writer.toml",
      shell(`${opened}; read -r _ <&3; seq ${MOST}; exec sleep 1000`, `${LOG}file = "${file}"`),
    );
  write(before);
  await using supervisor = await place.start();
  await untilTrue(() => existsSync(fifo));
  writeFileSync(fifo, "go\n", { flag: "r+" });
  await untilTrue(() => existsSync(before) && readFileSync(before).length > 0);
  write(after);
  expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
  await untilTrue(() => [...linesIn(before), ...linesIn(after)].length >= MOST);
  expect([...linesIn(before), ...linesIn(after)].join("\n")).toBe(upTo(MOST).join("\n"));
  expect(place.ownLog()).not.toContain("lost");
}, 60_000);

test("what a service writes while it is stopped by a shutdown is in its file to the last line, and the next start misses none", async () => {
  using place = new TestPlace({});
  const MOST = 40_000;
  place.write(
    "writer.toml",
    shell(`exec 2> /dev/null; trap 'seq ${MOST}; exit' TERM; echo ready; while :; do sleep 0.01; done`, LOG),
  );
  const file = place.path("log", "writer.log");
  await using supervisor = await place.start();
  await untilTrue(() => linesIn(file).includes("ready"));
  expect(await supervisor.command("shutdown")).toMatchObject({ code: 0 });
  expect(linesIn(file).join("\n")).toBe(["ready", ...upTo(MOST)].join("\n"));
  // What the next start misses is in its log before its end is.
  await using again = await place.start();
  expect(await again.command("shutdown")).toMatchObject({ code: 0 });
  await place.logged(/ends with status 0[^]*ends with status 0/);
  expect(place.ownLog()).not.toMatch(/on (its|their) way/);
}, 60_000);
