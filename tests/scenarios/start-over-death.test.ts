/* A supervisor that is killed while somebody waits for the start to be over. */
import { describe, expect, test } from "bun:test";
import { makeHangingFile } from "../os/spawn-kit.ts";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { TestPlace, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const SLEEPER = { "sleeper.toml": program(["sleep", "1000"]) };

const probe = makeHangingFile({ text: "" });
const cannotHang = skipReason("an exec that hangs", [[probe !== null, "no file system knows leases"]]) !== null;
probe?.[Symbol.dispose]();

interface HeldStart extends Disposable {
  readonly place: TestPlace;
  /** The program of "slow" is executed at last. */
  release(): void;
}

/** A place whose service "slow" hangs in its exec: as long as that is so, the start is not over. */
function holdStart(): HeldStart {
  const file = makeHangingFile({ copyOf: "/bin/sleep" });
  const place = new TestPlace({ ...SLEEPER, "slow.toml": program([file?.path ?? "", "1000"]) });
  return { place, release: () => file?.release(), [Symbol.dispose]: () => file?.[Symbol.dispose]() };
}

/** As soon as it answers, which it does before it is up; another one than `other`. */
async function connectTo(place: TestPlace, other: number | null = null): Promise<TestSupervisor> {
  for (;;) {
    const found = await TestSupervisor.connect(place).catch(() => null);
    if (found !== null && found.supervisorPid !== other) return found;
    await Bun.sleep(2);
  }
}

describe.skipIf(cannotHang)("a supervisor that is killed before it was up", () => {
  test("is followed by another one, which finishes the start with what there is", async () => {
    using held = holdStart();
    const { place } = held;
    const launched = place.launch();
    await using first = await connectTo(place);
    const { pid } = await first.until("sleeper", ({ state }) => state === "up");
    const slow = await first.until("slow", (view) => view.pid !== null);
    signalProcess(first.supervisorPid, "SIGKILL");
    const next = await connectTo(place, first.supervisorPid);
    expect(next.pid).toBe(first.pid);
    held.release();
    const { code, stdout, stderr } = await launched;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`daemonsup is up: pid ${first.pid}, 2 services`);
    expect(await next.service("sleeper")).toMatchObject({ state: "up", pid, restarts: 0 });
    expect(await next.service("slow")).toMatchObject({ state: "up", pid: slow.pid, restarts: 0 });
    // Its log is written by another thread.
    const death = `the supervisor has died (pid ${first.supervisorPid} killed by SIGKILL)`;
    await untilTrue(() => place.ownLog().includes(death));
  });

  test("like each that follows ends the start, which says what runs on, and the next start goes on with it", async () => {
    using held = holdStart();
    const { place } = held;
    const launched = place.launch();
    await using first = await connectTo(place);
    const { pid } = await first.until("sleeper", ({ state }) => state === "up");
    const slow = await first.until("slow", (view) => view.pid !== null);
    let isOver = false;
    void launched.then(() => (isOver = true));
    await untilTrue(() => {
      // A child before its exec looks like its parent.
      for (const ours of place.ours()) if (ours !== first.pid && ours !== slow.pid) signalProcess(ours, "SIGKILL");
      return isOver;
    });
    const { code, stderr } = await launched;
    expect([code, stderr]).toEqual([
      1,
      `cannot start: the supervisor (pid ${first.pid}) ended before it was up; 2 services run on, and the next start goes on with them\n`,
    ]);
    held.release();
    await using next = await place.start();
    expect(await next.service("sleeper")).toMatchObject({ state: "up", pid });
    expect(await next.service("slow")).toMatchObject({ state: "up", pid: slow.pid });
  });

  test("and is told to end meanwhile is followed by one that stops everything", async () => {
    using held = holdStart();
    const { place } = held;
    const launched = place.launch();
    await using first = await connectTo(place);
    await first.until("slow", (view) => view.pid !== null);
    signalProcess(first.supervisorPid, "SIGKILL");
    signalProcess(first.pid, "SIGTERM");
    expect(await launched).toMatchObject({ code: 1, stderr: "cannot start: it was told to end\n" });
    await untilTrue(() => place.ours().length === 0);
    expect([place.marked(), place.supervisorPid()]).toEqual([[], null]);
  });

  test("alone, without a guardian, ends the start: it says what runs on", async () => {
    using held = holdStart();
    const { place } = held;
    const args = ["--no-guardian"];
    const launched = place.launch({ args });
    await using first = await connectTo(place);
    const { pid } = await first.until("sleeper", ({ state }) => state === "up");
    const slow = await first.until("slow", (view) => view.pid !== null);
    expect(slow.state).toBe("starting");
    signalProcess(first.supervisorPid, "SIGKILL");
    // A child that has not executed its program holds all that the supervisor had open.
    held.release();
    const { code, stderr } = await launched;
    expect([code, stderr]).toEqual([
      1,
      `cannot start: the supervisor (pid ${first.pid}) ended before it was up; 2 services run on, and the next start goes on with them\n`,
    ]);
    await using next = await place.start({ args });
    expect(await next.service("sleeper")).toMatchObject({ state: "up", pid });
    expect(await next.service("slow")).toMatchObject({ state: "up", pid: slow.pid });
  });
});
