import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { UNSHARE, canUnshare, entering } from "./pid-namespace.ts";
import { childrenOf, factsOf, statusLineOf } from "./process-facts.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, run, signalProcess, untilTrue } from "./test-supervisor.ts";

const skipped = skipReason("being pid 1", [[canUnshare, "no pid namespace can be made here"]]);

describe.skipIf(skipped !== null)("a supervisor that is pid 1", () => {
  test("reaps the orphans of others and ends in order", async () => {
    using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
    await using command = new RunningCommand(place.startWords({ foreground: true, wrapper: UNSHARE }));
    await command.says("stdout", /is up: pid 1, 1 service/);
    await using supervisor = await TestSupervisor.connect(place);
    expect(place.read("run", "supervisor.pid")).toBe("1\n");
    const first = childrenOf(command.pid)[0] ?? 0;
    expect(statusLineOf(first, "NSpid").split("\t").at(-1)).toBe("1");
    expect(factsOf(first).name).toBe("daemonsup");
    // As `docker exec` does it: a process from outside, whose child outlives it and then ends.
    const leave = `(sleep 0.01; : > ${place.path("orphan")}) > /dev/null 2>&1 &`;
    expect(await run([...entering(first), "sh", "-c", leave])).toMatchObject({ code: 0 });
    await untilTrue(() => existsSync(place.path("orphan")));
    // Only what runs is left, and nothing that nobody has reaped.
    const sleeper = await supervisor.until("sleeper", (view) => view.state === "up");
    expect(sleeper.pid).not.toBeNull();
    await untilTrue(() => childrenOf(first).length === 1);
    signalProcess(first, "SIGTERM");
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(place.marked()).toEqual([]);
  });

  test("reloads on SIGHUP and ends on SIGINT like any other", async () => {
    using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
    await using command = new RunningCommand(place.startWords({ foreground: true, wrapper: UNSHARE }));
    await command.says("stdout", /is up/);
    await using supervisor = await TestSupervisor.connect(place);
    const first = childrenOf(command.pid)[0] ?? 0;
    place.write("added.toml", program(["sleep", "1000"]));
    signalProcess(first, "SIGHUP");
    await supervisor.event((event) => event.event === "reload");
    await supervisor.until("added", (view) => view.state === "up");
    signalProcess(first, "SIGINT");
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(place.marked()).toEqual([]);
  });

  test("passes the status of a critical service on", async () => {
    using place = new TestPlace({ "main.toml": shell("exit 42", "critical = true") });
    await using command = new RunningCommand(place.startWords({ foreground: true, wrapper: UNSHARE }));
    expect(await command.ended).toEqual({ code: 42, signal: null });
  });
});
