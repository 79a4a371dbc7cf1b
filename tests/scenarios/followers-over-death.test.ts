/* Commands that follow go on when the supervisor is replaced under them, and end when there is none any more. */
import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { RunningCommand } from "./running-command.ts";
import { BINARY, TestPlace, type TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

function running({ place }: TestSupervisor, ...words: readonly string[]): RunningCommand {
  return new RunningCommand([BINARY, ...words], { DAEMONSUP_RUNTIME_DIR: place.runtime });
}

/** Writes numbered lines, some hundred a second, on both streams. */
const COUNTING = shell("i=0; while :; do i=$((i+1)); echo $i; i=$((i+1)); echo $i >&2; sleep 0.002; done");
const IDLE = shell("exec sleep 1000");
const DEATHS = 4;

const numbersIn = (text: string): readonly number[] =>
  [...text.matchAll(/Z (\d+)$/gm)].map(([, number]) => Number(number));

/** Kills one supervisor after the other, each after `until`; the last one lives. */
async function killAgainAndAgain(first: TestSupervisor, until: () => Promise<unknown>): Promise<void> {
  let current = first;
  for (let deaths = 0; deaths < DEATHS; deaths++) {
    await until();
    signalProcess(current.supervisorPid, "SIGKILL");
    current = await current.successor();
  }
}

test("logs -f shows every line once, whenever the supervisor dies", async () => {
  using place = new TestPlace({ "web.toml": COUNTING });
  await using first = await place.start();
  await using following = running(first, "logs", "-f", "-n", "all", "web");
  async function more(): Promise<void> {
    const last = Math.max(0, ...numbersIn(following.stdout)) + 100;
    await following.says("stdout", new RegExp(`Z ${last}\n`));
  }
  await killAgainAndAgain(first, more);
  await more();
  // The two streams are read one after the other: all of it must be there once nothing more is written.
  await first.command("stop", "web");
  const written = numbersIn(place.read("log", "web.log")).length;
  await untilTrue(() => numbersIn(following.stdout).length >= written);
  const numbers = numbersIn(following.stdout);
  expect(numbers.toSorted((left, right) => left - right)).toEqual(numbers.map((_, index) => index + 1));
  expect(following.stderr).toBe("");
  await first.command("shutdown");
  expect(await following.ended).toMatchObject({ code: 0 });
});

test("events go on with what the next supervisor tells, and say that some may be missing", async () => {
  using place = new TestPlace({ "web.toml": IDLE, "db.toml": IDLE });
  await using first = await place.start();
  await using text = running(first, "events", "web");
  await using json = running(first, "events", "--json", "web");
  // What happens before they are there they do not see.
  for (const command of [text, json]) {
    const isThere = command.says("stdout", /web/).then(() => true);
    while (!(await Promise.race([isThere, first.command("restart", "web").then(() => false)])));
  }
  const before = json.stdout.length;
  signalProcess(first.supervisorPid, "SIGKILL");
  await text.says("stderr", /^the supervisor was replaced; events in between may be missing\n$/);
  await json.says("stdout", /"event":"missed".*the supervisor was replaced/);
  await first.command("stop", "db", "web");
  await text.says("stdout", /web: stopping -> down.*\n$/);
  await json.says("stdout", /"state":"down","previous":"stopping".*\n$/);
  const later = json.stdout
    .slice(before)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { readonly service: string | null; readonly number: number });
  expect(later.filter(({ service }) => service !== "web")).toHaveLength(1);
  // The note has the number of the last event before it.
  const told = later.filter(({ service }) => service === "web").map(({ number }) => number);
  expect(new Set(told).size).toBe(told.length);
  await first.command("shutdown");
  expect([await text.ended, await json.ended]).toMatchObject([{ code: 0 }, { code: 0 }]);
});

test("without a guardian they end with the supervisor", async () => {
  using place = new TestPlace({ "web.toml": IDLE });
  await using supervisor = await place.start({ args: ["--no-guardian"] });
  await using events = running(supervisor, "events");
  const isThere = events.says("stdout", /web/).then(() => true);
  while (!(await Promise.race([isThere, supervisor.command("restart", "web").then(() => false)])));
  supervisor.kill("SIGKILL");
  expect(await events.ended).toMatchObject({ code: 1 });
  expect(events.stderr).toBe("cannot show more: the supervisor has closed the connection\n");
});
