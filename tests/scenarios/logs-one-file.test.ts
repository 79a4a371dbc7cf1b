/* Several services that write one file, read back through the compiled binary. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, untilTrue } from "./test-supervisor.ts";

const NAMES = ["one", "two"] as const;
const SAID = NAMES.flatMap((name) => [`${name} begins`, `${name} goes on`]);

/** A place whose two services write one file, in this format. */
function placeOf(format: "plain" | "json"): TestPlace {
  const place = new TestPlace({});
  for (const name of NAMES) {
    const script = `echo "${name} begins"; echo "${name} goes on"; exec sleep 1000`;
    const log = `[log]\nfile = "${place.path("shared.log")}"\nformat = "${format}"`;
    place.write(`${name}.toml`, shell(script, `[stop]\ntimeout = "1s"\n[restart]\npolicy = "never"\n${log}`));
  }
  return place;
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

async function untilAllIsWritten(place: TestPlace): Promise<void> {
  await untilTrue(() => {
    const text = readFileSync(place.path("shared.log"), { encoding: "utf8", flag: "a+" });
    return SAID.every((line) => text.includes(line));
  });
}

test("of a JSON file that several services write, logs shows each its own lines, also since a time and while it is followed", async () => {
  using place = placeOf("json");
  await using supervisor = await place.start();
  await untilAllIsWritten(place);
  const textsOf = async (...words: readonly string[]): Promise<readonly string[]> =>
    linesOf((await supervisor.command("logs", "--json", ...words)).stdout).map(
      (line) => (JSON.parse(line) as { readonly text: string }).text,
    );
  for (const name of NAMES) {
    const own = SAID.filter((line) => line.startsWith(name));
    expect(await textsOf(name)).toEqual(own);
    expect(await textsOf(name, "--since", "1h")).toEqual(own);
    expect(await textsOf(name, "-n", "1")).toEqual(own.slice(1));
  }
  expect((await textsOf()).toSorted()).toEqual(SAID.toSorted());
  await using following = new RunningCommand([BINARY, "logs", "-f", "one"], {
    DAEMONSUP_RUNTIME_DIR: place.runtime,
  });
  await following.says("stdout", /one goes on\n/);
  await supervisor.command("restart", "two");
  await supervisor.command("restart", "one");
  await following.says("stdout", /(?:one goes on\n[^]*){2}/);
  expect(following.stdout).not.toContain("two");
});

test("of a plain file that several services write, logs shows all lines, and a crash report those of the run", async () => {
  using place = placeOf("plain");
  await using supervisor = await place.start();
  await untilAllIsWritten(place);
  const { stdout } = await supervisor.command("logs", "one");
  expect(
    linesOf(stdout)
      .map((line) => line.replace(/^\S+ /, ""))
      .toSorted(),
  ).toEqual(SAID.toSorted());
  const { pid } = await supervisor.until("two", (service) => service.pid !== null);
  process.kill(pid ?? 0, "SIGKILL");
  await supervisor.until("two", ({ state }) => state === "failed");
  const report = (await supervisor.command("history", "--json", "two", "1")).stdout;
  const { lines } = JSON.parse(report) as { readonly lines: readonly { readonly text: string }[] };
  expect(lines.map(({ text }) => text)).toEqual(["two begins", "two goes on"]);
});
