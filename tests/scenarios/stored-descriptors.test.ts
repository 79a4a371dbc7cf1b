/* Services that hand over descriptors for safekeeping, and get them back. */
import { describe, expect, test } from "bun:test";
import { needsNotifier, saying } from "./notifier.ts";
import { TestSupervisor, signalProcess } from "./test-supervisor.ts";

const NOTHING = "names=";
const BOTH = "names=stored:http one two";

/** Prints what it has been given, and stores two memory files. */
function storing(store: string): string {
  const words = ["list", "memory=one", "say=FDSTORE=1", "memory=two", "say=FDSTORE=1|FDNAME=http"];
  return saying([...words, "barrier", "say=READY=1", "wait"], `fd_store = ${store}\n[ready]\nnotify = true`);
}

async function runsOf(supervisor: TestSupervisor, count: number): Promise<readonly string[]> {
  return await supervisor.lines("web", (lines) => lines.length >= count);
}

describe.skipIf(needsNotifier)("stored descriptors", () => {
  test("are given back with their names after a restart, and after a crash", async () => {
    await using supervisor = await TestSupervisor.start({ "web.toml": storing("{ max = 2 }") });
    await supervisor.until("web", (view) => view.state === "up");
    await supervisor.command("restart", "web");
    signalProcess((await supervisor.until("web", (view) => view.state === "up")).pid, "SIGKILL");
    await supervisor.until("web", (view) => view.restarts === 1 && view.state === "up");
    expect(await runsOf(supervisor, 3)).toEqual([NOTHING, BOTH, BOTH]);
    await supervisor.place.logged("web: cannot store a descriptor: got more than the 2 of its fd_store");
  });

  test("are let go of when the service is stopped", async () => {
    await using supervisor = await TestSupervisor.start({ "web.toml": storing("{ max = 2 }") });
    await supervisor.until("web", (view) => view.state === "up");
    await supervisor.command("stop", "web");
    await supervisor.command("start", "web");
    expect(await runsOf(supervisor, 2)).toEqual([NOTHING, NOTHING]);
  });

  test("outlive a stop where they are to be kept always", async () => {
    await using supervisor = await TestSupervisor.start({ "web.toml": storing('{ max = 2, keep = "always" }') });
    await supervisor.until("web", (view) => view.state === "up");
    await supervisor.command("stop", "web");
    await supervisor.command("start", "web");
    expect(await runsOf(supervisor, 2)).toEqual([NOTHING, BOTH]);
  });

  test("are let go of when their other end is closed, unless that is not to be looked at", async () => {
    const words = ["list", "pipe", "say=FDSTORE=1|FDNAME=gone", "memory=kept", "say=FDSTORE=1|FDNAME=here", "barrier"];
    await using supervisor = await TestSupervisor.start({
      "web.toml": saying([...words, "say=READY=1", "wait"], "fd_store = { max = 3 }\n[ready]\nnotify = true"),
    });
    await supervisor.until("web", (view) => view.state === "up");
    await supervisor.command("restart", "web");
    // The write end of the pipe has ended with the first run.
    expect(await runsOf(supervisor, 2)).toEqual([NOTHING, "names=here kept"]);
  });
});
