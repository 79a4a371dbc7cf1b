/* Services that write a newline to a descriptor when they are ready. */
import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { TestPlace, run } from "./test-supervisor.ts";

test("a service is up once it has written a newline to the descriptor of its readiness", async () => {
  using place = new TestPlace({});
  const fifo = place.path("go");
  await run(["mkfifo", fifo]);
  place.write(
    "web.toml",
    shell(`printf booting >&5; echo begun; cat ${fifo}; echo >&5; exec sleep 1000`, "[ready]\nfd = 5"),
  );
  await using supervisor = await place.start();
  await supervisor.line("web", (line) => line === "begun");
  expect((await supervisor.service("web")).state).toBe("starting");
  await run(["sh", "-c", `echo > ${fifo}`]);
  await supervisor.until("web", (view) => view.state === "up");
});

test("a service that closes its descriptor without a newline is not ready", async () => {
  using place = new TestPlace({});
  place.write(
    "web.toml",
    shell(
      "printf almost >&5; exec 5>&-; exec sleep 1000",
      '[ready]\nfd = 5\ntimeout = "200ms"\n[restart]\npolicy = "never"',
    ),
  );
  await using supervisor = await place.start();
  const { message } = await supervisor.until("web", (view) => view.state === "failed");
  expect(message).toContain("not ready within 0.2s");
});
