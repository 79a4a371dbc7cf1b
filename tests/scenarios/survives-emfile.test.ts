import { expect, test } from "bun:test";
import { program } from "./definitions.ts";
import { TestPlace, signalProcess, untilTrue } from "./test-supervisor.ts";

const NAMES = Array.from({ length: 40 }, (_, index) => `s${index}`);

test("a successor that has no more descriptors than there are in use goes on with all that ran", async () => {
  using place = new TestPlace(
    Object.fromEntries(
      NAMES.map((name) => [`${name}.toml`, program(["sleep", "1000"], '[restart]\ndelay = "1h"\nmax_delay = "1h"')]),
    ),
  );
  await using first = await place.start({ wrapper: ["bash", "-c", 'ulimit -n 96; exec "$@"', "bash"] });
  const before = await first.services();
  const running = before
    .filter(({ state }) => state === "up")
    .map(({ name, pid, restarts }) => ({ name, pid, restarts }));
  expect(before.filter(({ message }) => message?.includes("EMFILE")).length).toBeGreaterThan(5);
  expect(running.length).toBeGreaterThan(5);
  signalProcess(first.supervisorPid, "SIGKILL");
  const second = await first.successor();
  const after = await second.services();
  for (const { name, pid, restarts } of running)
    expect(after.find((view) => view.name === name)).toMatchObject({ state: "up", pid, restarts });
  await untilTrue(() => place.ownLog().includes("goes on with 40 services"));
});
