import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { TestPlace, signalProcess, untilTrue } from "./test-supervisor.ts";

const NAMES = Array.from({ length: 40 }, (_, index) => `s${index}`);
const DEFINITION = shell(
  "echo here; echo there >&2; sleep 2000 & exec sleep 1000",
  '[restart]\ndelay = "1h"\nmax_delay = "1h"',
);

/** Starts as many as find room, has the supervisor die, and stops all; gives the names of those that ran. */
async function stopAllAfterDeath(place: TestPlace, limit: number | null): Promise<readonly string[]> {
  const wrapper = limit === null ? [] : ["bash", "-c", `ulimit -n ${limit}; exec "$@"`, "bash"];
  await using first = await place.start({ wrapper });
  const before = (await first.services()).filter(({ state }) => state === "up").map(({ name }) => name);
  signalProcess(first.supervisorPid, "SIGKILL");
  const second = await first.successor();
  // One at a time: connections are descriptors too.
  for (const name of NAMES) await second.request("POST", `/v1/services/${name}/stop`, { wait: false });
  for (const name of before) await second.until(name, ({ state }) => state === "down" || state === "failed");
  const after = await second.services();
  expect(after.filter(({ state }) => state !== "down")).toEqual([]);
  expect(place.marked()).toEqual([]);
  expect(place.ownLog()).not.toContain("cannot be killed");
  expect(place.ownLog()).not.toContain("internal error");
  for (const name of before) {
    const logged = (): string => place.read("log", `${name}.log`);
    await untilTrue(() => / here\n/.test(logged()) && / there\n/.test(logged()));
  }
  return before;
}

test("many services of a supervisor that died are stopped at once, with what they have in the background", async () => {
  using place = new TestPlace(Object.fromEntries(NAMES.map((name) => [`${name}.toml`, DEFINITION])));
  expect(await stopAllAfterDeath(place, null)).toEqual(NAMES.toSorted());
});

test("where descriptors run short, services are stopped all the same, and what they have written is in their files", async () => {
  using place = new TestPlace(Object.fromEntries(NAMES.map((name) => [`${name}.toml`, DEFINITION])));
  const ran = await stopAllAfterDeath(place, 96);
  expect(ran.length).toBeGreaterThan(5);
  expect(ran.length).toBeLessThan(NAMES.length);
});
