import { expect, test } from "bun:test";
import { program } from "./definitions.ts";
import { TestSupervisor, untilTrue } from "./test-supervisor.ts";

const failing = (other: string, more: string): string =>
  program(["false"], `hooks.on_failure = { start = "${other}" }\n${more}`);

test("services that start each other when they fail come to rest, which is told", async () => {
  await using supervisor = await TestSupervisor.start({
    "a.toml": failing("b", 'restart.policy = "never"'),
    "b.toml": failing("a", 'restart.policy = "never"\nstart = "manual"'),
  });
  await untilTrue(() => supervisor.place.ownLog().includes("by on_failure"));
  const told = /err: [ab]: cannot start "[ab]" by on_failure: it was to be started more than 20 times within 2s/;
  await supervisor.place.logged(told);
  for (const name of ["a", "b"]) expect(await supervisor.service(name)).toMatchObject({ state: "failed", pid: null });
});

test("a service that is tried again after a while is not hurried by the failure of another one", async () => {
  await using supervisor = await TestSupervisor.start({
    "a.toml": failing("b", 'restart = { delay = "10ms", max_delay = "10ms" }'),
    "b.toml": program(["false"], 'restart.delay = "1h"'),
  });
  await supervisor.until("a", (view) => view.restarts > 3);
  expect(await supervisor.service("b")).toMatchObject({ state: "backoff", restarts: 0 });
  // The first end of it may have been before anybody listened.
  const ends = supervisor.events.filter(({ service, event }) => service === "b" && event === "exit");
  expect(ends.length).toBeLessThanOrEqual(1);
});
