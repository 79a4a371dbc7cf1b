/* Services that have to say again and again that they are well. */
import { describe, expect, test } from "bun:test";
import { compileProgram } from "../compile-program.ts";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { needsNotifier, saying } from "./notifier.ts";
import { TestSupervisor } from "./test-supervisor.ts";

const client = compileProgram("systemd-client");
const hasLibrary = client !== null && Bun.spawnSync([client, "none"]).exitCode !== 77;
const withoutClient = skipReason("a service that pings by libsystemd", [
  [client !== null, "there is no C compiler"],
  [hasLibrary, "there is no libsystemd.so.0"],
]);

const WATCHED = '[ready]\nnotify = true\n[watchdog]\ntimeout = "300ms"';
const NEVER = '[restart]\npolicy = "never"';

describe.skipIf(needsNotifier)("a service with a watchdog", () => {
  test("that does not ping is killed by SIGABRT, which its exit says, and is restarted", async () => {
    await using supervisor = await TestSupervisor.start({ "web.toml": saying(["say=READY=1", "wait"], WATCHED) });
    const { last_exit: exit } = await supervisor.until("web", (view) => view.restarts === 1);
    expect(exit).toMatchObject({ signal: "SIGABRT", reason: expect.stringContaining("no WATCHDOG=1 within 0.3s") });
  });

  test("owes no ping before it is ready", async () => {
    await using supervisor = await TestSupervisor.start({
      "slow.toml": saying(["wait"], WATCHED),
      "clock.toml": saying(["say=READY=1", "wait"], `${WATCHED}\n${NEVER}`),
    });
    await supervisor.until("clock", (view) => view.state === "failed");
    expect(await supervisor.service("slow")).toMatchObject({ state: "starting", restarts: 0 });
  });

  test("may ask for another time", async () => {
    await using supervisor = await TestSupervisor.start({
      "patient.toml": saying(["say=READY=1|WATCHDOG_USEC=60000000", "wait"], WATCHED),
      "clock.toml": saying(["say=READY=1", "wait"], `${WATCHED}\n${NEVER}`),
    });
    await supervisor.until("clock", (view) => view.state === "failed");
    expect(await supervisor.service("patient")).toMatchObject({ state: "up", restarts: 0 });
  });

  test("may trigger it, also where none is defined", async () => {
    const more = `notify_access = "main"\n[ready]\nnotify = true\n${NEVER}`;
    await using supervisor = await TestSupervisor.start({
      "web.toml": saying(["say=READY=1", "say=WATCHDOG=trigger", "wait"], more),
    });
    const { last_exit: exit } = await supervisor.until("web", (view) => view.state === "failed");
    expect(exit?.reason).toContain("it triggered its watchdog itself");
  });
});

test.skipIf(withoutClient !== null || needsNotifier)("a service that pings in time goes on", async () => {
  await using supervisor = await TestSupervisor.start({
    "well.toml": program([client ?? "", "ready"], WATCHED.replace("300ms", "2s")),
    "clock.toml": saying(["say=READY=1", "wait"], `${WATCHED.replace("300ms", "3s")}\n${NEVER}`),
  });
  await supervisor.until("clock", (view) => view.state === "failed");
  expect(await supervisor.service("well")).toMatchObject({ state: "up", restarts: 0, status: "watched 1" });
});
