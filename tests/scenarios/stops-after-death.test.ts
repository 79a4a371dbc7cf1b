import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { TestPlace, hasEnded, signalProcess, untilTrue } from "./test-supervisor.ts";

const NAMES = Array.from({ length: 40 }, (_, index) => `s${index}`);
const DEFINITION = shell(
  "echo here; echo there >&2; sleep 2000 & exec sleep 1000",
  '[restart]\ndelay = "1h"\nmax_delay = "1h"',
);

/** Each has eight processes, in sessions of their own. */
const SCATTERED = shell("for i in 1 2 3 4 5 6 7; do setsid sleep 2000 & done; exec sleep 1000");

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

test("where they run short for what a supervisor and its guardian have left, that is found and stopped all the same", async () => {
  const names = NAMES.slice(0, 12);
  using place = new TestPlace(Object.fromEntries(names.map((name) => [`${name}.toml`, SCATTERED])));
  await using first = await place.start();
  await untilTrue(() => place.marked().length === 8 * names.length);
  first.kill("SIGKILL");
  await first.gone();
  await using second = await place.start({ wrapper: ["bash", "-c", 'ulimit -n 160; exec "$@"', "bash"] });
  expect((await second.services()).filter(({ state }) => state !== "up")).toEqual([]);
  for (const name of names) await second.request("POST", `/v1/services/${name}/stop`, { wait: false });
  for (const name of names) await second.until(name, ({ state }) => state === "down" || state === "failed");
  expect(place.marked()).toEqual([]);
  expect(place.ownLog()).not.toContain("internal error");
  expect(hasEnded(second.supervisorPid)).toBe(false);
});
