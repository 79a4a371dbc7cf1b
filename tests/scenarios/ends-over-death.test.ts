/* A supervisor that dies right after the end of a run: what was known of that run is not lost with it. */
import { expect, test } from "bun:test";
import { shell } from "./definitions.ts";
import { TestSupervisor, signalProcess } from "./test-supervisor.ts";

test("a run that had ended when the supervisor was killed is in the history with its end, and was counted", async () => {
  await using first = await TestSupervisor.start({
    "web.toml": shell("sleep 1.5; exit 3", '[restart]\ndelay = "1h"\nmax_delay = "1h"'),
  });
  // The line is written in the turn in which the end is dealt with, and nothing else becomes of the service after it.
  await first.place.logged(/web: backoff/);
  signalProcess(first.supervisorPid, "SIGKILL");
  const next = await first.successor();
  expect((await next.command("history", "web")).stdout).toContain("crashed");
  const metrics = await (await next.request("GET", "/metrics")).text();
  expect(metrics.match(/^daemonsup_service_(starts|exits)_total.*/gm)).toEqual([
    'daemonsup_service_starts_total{service="web"} 1',
    'daemonsup_service_exits_total{service="web",reason="exit",status="3"} 1',
  ]);
});
