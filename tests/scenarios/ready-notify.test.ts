/* Services that say over NOTIFY_SOCKET how they are. */
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { shell } from "./definitions.ts";
import { needsNotifier, notifierWords, saying } from "./notifier.ts";
import { asOrdinaryUser, needsRoot } from "./ordinary-user.ts";
import { TestSupervisor, run, signalProcess } from "./test-supervisor.ts";

const NOTIFY = "[ready]\nnotify = true";
const ALL = `notify_access = "all"\n${NOTIFY}`;

async function started(definition: string): Promise<TestSupervisor> {
  return await TestSupervisor.start({ "web.toml": definition });
}

describe.skipIf(needsNotifier)("a service that says when it is ready", () => {
  test("is starting until then, and up from then on, with its status", async () => {
    await using supervisor = await started(saying(["print=NOTIFY_SOCKET", "term=READY=1|STATUS=serving", "wait"]));
    await supervisor.line("web", (line) => line.startsWith("NOTIFY_SOCKET="));
    const { state, pid } = await supervisor.service("web");
    expect(state).toBe("starting");
    signalProcess(pid, "SIGTERM");
    expect(await supervisor.until("web", (view) => view.status !== null)).toMatchObject({
      state: "up",
      status: "serving",
      pid,
    });
  });

  test("and never does is given up after its time, with the reason", async () => {
    const never = '[ready]\nnotify = true\ntimeout = "200ms"\n[restart]\npolicy = "never"';
    await using supervisor = await started(saying(["wait"], never));
    const { message } = await supervisor.until("web", (view) => view.state === "failed");
    expect(message).toContain("not ready within 0.2s");
  });

  test("and ends at once has been up before", async () => {
    const once = `start = "manual"\n${NOTIFY}\n[restart]\npolicy = "never"`;
    await using supervisor = await started(saying(["say=READY=1", "exit=3"], once));
    await supervisor.command("start", "web");
    await supervisor.event(({ state }) => state === "failed");
    const states = supervisor.events.filter((event) => event.event === "state").map((event) => event.state);
    expect(states).toContain("up");
  });

  test("says so to the supervisor alone: its socket is for its user, and gone when it has ended", async () => {
    await using supervisor = await started(saying(["print=NOTIFY_SOCKET", "say=READY=1", "wait"]));
    await supervisor.until("web", (view) => view.state === "up");
    const address = (await supervisor.line("web", () => true)).slice("NOTIFY_SOCKET=".length);
    if (!address.startsWith("@")) {
      expect(address).toStartWith(`${supervisor.place.runtime}/notify/`);
      expect(statSync(address).isSocket()).toBe(true);
    }
    await supervisor.command("stop", "web");
    if (!address.startsWith("@")) expect(() => statSync(address)).toThrow("ENOENT");
  });

  test("may ask for more time before its own is over", async () => {
    await using supervisor = await TestSupervisor.start({
      "patient.toml": saying(["say=EXTEND_TIMEOUT_USEC=60000000", "wait"], `${NOTIFY}\ntimeout = "1s"`),
      "clock.toml": saying(["wait"], `${NOTIFY}\ntimeout = "2s"\n[restart]\npolicy = "never"`),
    });
    await supervisor.until("clock", (view) => view.state === "failed");
    expect(await supervisor.service("patient")).toMatchObject({ state: "starting", restarts: 0 });
  });
});

describe.skipIf(needsNotifier)("a notification", () => {
  test("of a child counts only where all may speak for the service", async () => {
    const words = ["child=READY=1", "barrier", "print=INVOCATION_ID", "wait"];
    await using supervisor = await TestSupervisor.start({
      "main.toml": saying(words),
      "all.toml": saying(words, ALL),
    });
    await supervisor.until("all", (view) => view.state === "up");
    await supervisor.line("main", () => true);
    expect((await supervisor.service("main")).state).toBe("starting");
    await supervisor.place.logged(/main: ignoring a notification of pid \d+ \(uid \d+\)/);
  });

  test("of a process far below the main one counts where all may speak", async () => {
    const script = `sh -c "${notifierWords("say=READY=1", "barrier")}; :"; exec sleep 1000`;
    await using supervisor = await started(shell(script, ALL));
    await supervisor.until("web", (view) => view.state === "up");
    expect(supervisor.place.ownLog()).not.toContain("ignoring");
  });

  test.skipIf(needsRoot)("of another user's process that is not of the service does not count", async () => {
    await using supervisor = await started(saying(["print=NOTIFY_SOCKET", "wait"], ALL));
    const address = (await supervisor.line("web", () => true)).slice("NOTIFY_SOCKET=".length);
    const words = ["/bin/sh", "-c", notifierWords("say=READY=1", "barrier", "exit=0")];
    // Once the barrier is passed, what was said before it has been judged.
    expect(await run(asOrdinaryUser(words), { NOTIFY_SOCKET: address })).toMatchObject({ code: 0 });
    expect((await supervisor.service("web")).state).toBe("starting");
  });

  test.skipIf(needsRoot)("of a service that runs as another user counts", async () => {
    await using supervisor = await started(saying(["say=READY=1", "wait"], `user = "nobody"\n${NOTIFY}`));
    await supervisor.until("web", (view) => view.state === "up");
  });

  test("tells of errors, which its status shows", async () => {
    await using supervisor = await started(saying(["say=READY=1|STATUS=cannot listen|ERRNO=98", "wait"]));
    const { status } = await supervisor.until("web", (view) => view.status !== null);
    expect(status).toBe("cannot listen (error EADDRINUSE)");
  });

  test("that it is stopping is taken for the beginning of its end", async () => {
    await using supervisor = await started(
      saying(["say=READY=1", "term=STOPPING=1", "wait"], `${NOTIFY}\n[restart]\npolicy = "never"`),
    );
    const { pid } = await supervisor.until("web", (view) => view.state === "up");
    signalProcess(pid, "SIGTERM");
    await supervisor.until("web", (view) => view.state === "stopping");
    signalProcess(pid, "SIGTERM");
    await supervisor.until("web", (view) => view.state === "done" || view.state === "down");
  });

  test("of what it does is shown, and with a reload as well", async () => {
    const words = ["say=READY=1", "term=RELOADING=1|STATUS=reading", "wait", "say=READY=1|STATUS=read", "wait"];
    await using supervisor = await started(saying(words));
    const { pid } = await supervisor.until("web", (view) => view.state === "up");
    signalProcess(pid, "SIGTERM");
    await supervisor.until("web", (view) => view.status === "reading");
    signalProcess(pid, "SIGTERM");
    expect(await supervisor.until("web", (view) => view.status === "read")).toMatchObject({ state: "up", pid });
  });
});

describe.skipIf(needsNotifier)("a service that names another main process", () => {
  test("goes on with that one, and is restarted when that one ends", async () => {
    await using supervisor = await started(saying(["say=READY=1", "term=X_NOTHING=1", "heir", "wait"]));
    const before = await supervisor.until("web", (view) => view.state === "up");
    signalProcess(before.pid, "SIGTERM");
    const after = await supervisor.until("web", (view) => view.pid !== before.pid);
    expect(after).toMatchObject({ state: "up", restarts: 0 });
    signalProcess(after.pid, "SIGKILL");
    await supervisor.until("web", (view) => view.restarts === 1 && view.state === "up");
  });

  test("is not believed where that is no process of its own", async () => {
    await using supervisor = await started(
      saying([`say=MAINPID=${process.pid}`, "say=MAINPID=1", "barrier", "say=READY=1", "wait"]),
    );
    const { pid } = await supervisor.until("web", (view) => view.state === "up");
    expect(pid).not.toBe(process.pid);
    await supervisor.place.logged(`ignoring MAINPID=${process.pid}`);
  });
});
