/* Services with a [schedule]: each notes its runs in a file. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { ServiceView } from "../../src/core/service-view.ts";
import { shell } from "./definitions.ts";
import { cannotMoveClocks, startWithClock } from "./movable-clock.ts";
import { TestPlace, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const DAY_S = 86_400;
const isDone = (view: ServiceView): boolean => view.last_exit !== null && view.pid === null;

/** A oneshot that notes each run, then does something else. */
function noted(place: TestPlace, schedule: string, then = "exit 0"): string {
  return shell(`echo run >> "${place.path("runs")}"; ${then}`, `type = "oneshot"\n[schedule]\n${schedule}`);
}

function runsOf(place: TestPlace): number {
  try {
    return readFileSync(place.path("runs"), "utf8").split("\n").length - 1;
  } catch {
    return 0;
  }
}

describe("a service with a schedule", () => {
  test("waits for its time, and shows it", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "30 4 29 2 *"\ntimezone = "UTC"'));
    await using supervisor = await place.start();
    const view = await supervisor.until("job", ({ next_start }) => next_start !== null);
    expect(view).toMatchObject({ state: "waiting", want: "up", pid: null, last_exit: null });
    expect(view.next_start).toEndWith("-02-29T04:30:00.000Z");
    expect(runsOf(place)).toBe(0);
  });

  test("goes by the time zone of the supervisor if it names none", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "0 0 * * *"'));
    await using supervisor = await place.start({ env: { TZ: "Asia/Kathmandu" } });
    const view = await supervisor.until("job", ({ next_start }) => next_start !== null);
    expect(view.next_start).toEndWith("T18:15:00.000Z");
  });

  test("runs every so often, and waits in between, however it has ended", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'every = "1s"', "exit 3"));
    await using supervisor = await place.start();
    await untilTrue(() => runsOf(place) >= 3);
    const view = await supervisor.until("job", (seen) => isDone(seen) && seen.state === "waiting");
    expect(view.last_exit).toMatchObject({ code: 3, signal: null });
    expect(view.next_start).not.toBeNull();
  });

  test("is tried again each time if its condition is not met, and runs once it is", async () => {
    const place = new TestPlace({});
    const disk = place.path("disk");
    place.write("job.toml", `${noted(place, 'every = "1s"')}\n[condition]\npath_exists = ["${disk}"]\n`);
    await using supervisor = await place.start();
    const view = await supervisor.until("job", ({ state, next_start }) => state === "down" && next_start !== null);
    expect([view.message, view.want, runsOf(place)]).toEqual([expect.stringContaining(disk), "up", 0]);
    writeFileSync(disk, "");
    await supervisor.until("job", (seen) => isDone(seen) && seen.state === "waiting");
  });

  test("goes by another schedule after a reload, without a run in between", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "0 3 1 1 *"\ntimezone = "UTC"'));
    await using supervisor = await place.start();
    await supervisor.until("job", ({ next_start }) => next_start !== null);
    place.write("job.toml", noted(place, 'cron = "0 3 2 2 *"\ntimezone = "UTC"'));
    expect((await supervisor.command("reload")).code).toBe(0);
    const view = await supervisor.until("job", ({ next_start }) => next_start?.includes("-02-02T03:00") === true);
    expect([view.state, runsOf(place)]).toEqual(["waiting", 0]);
  });

  test("is down after a reload that takes its schedule out, and is not run for that", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'every = "1h"'));
    await using supervisor = await place.start();
    expect(await supervisor.service("job")).toMatchObject({ state: "waiting" });
    place.write("job.toml", noted(place, "").replace("[schedule]", ""));
    expect((await supervisor.command("reload")).code).toBe(0);
    const message = "its schedule was taken out; it runs when it is started";
    expect(await supervisor.service("job")).toMatchObject({ state: "down", next_start: null, message });
    expect((await supervisor.command("start", "job")).code).toBe(0);
    expect(await supervisor.service("job")).toMatchObject({ state: "done", message: null });
    expect(place.read("runs")).toBe("run\n");
  });

  test("does not run while it is stopped, and waits for its time again once it is started and has run", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "0 3 1 1 *"'));
    await using supervisor = await place.start();
    await supervisor.until("job", ({ next_start }) => next_start !== null);
    expect((await supervisor.command("stop", "job")).code).toBe(0);
    await supervisor.until("job", ({ state, next_start }) => state === "down" && next_start === null);
    expect((await supervisor.command("start", "job")).code).toBe(0);
    await supervisor.until("job", ({ state, next_start }) => state === "waiting" && next_start !== null);
    expect(runsOf(place)).toBe(1);
  });
});

describe("a run that was missed while no supervisor ran", () => {
  /** Starts, ends, makes it look as if the last run had been long ago, and starts again. */
  async function awayForDays(place: TestPlace): Promise<TestSupervisor> {
    const first = await place.start();
    await first.until("job", ({ next_start }) => next_start !== null);
    expect((await first.command("shutdown")).code).toBe(0);
    await first.gone();
    const file = place.path("state", "schedules.json");
    const memory = JSON.parse(readFileSync(file, "utf8")) as { runs: { job: { at: number } } };
    memory.runs.job.at -= 400 * DAY_S * 1000;
    writeFileSync(file, JSON.stringify(memory));
    return await place.start();
  }

  test("is made up for once, where the definition says so", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "0 3 1 * *"\ncatch_up = true'));
    await using supervisor = await awayForDays(place);
    await supervisor.until("job", (view) => isDone(view) && view.state === "waiting");
    expect(runsOf(place)).toBe(1);
  });

  test("is not made up for otherwise", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "0 3 1 * *"'));
    await using supervisor = await awayForDays(place);
    await supervisor.until("job", ({ next_start }) => next_start !== null);
    expect(runsOf(place)).toBe(0);
  });
});

describe.skipIf(cannotMoveClocks !== null)("when the time comes", () => {
  test("each day the service runs, once", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "0 3 * * *"\ntimezone = "Europe/Berlin"'));
    await using clocked = await startWithClock(place);
    const { supervisor, clock } = clocked;
    let due = (await supervisor.until("job", ({ next_start }) => next_start !== null)).next_start;
    for (let day = 1; day <= 4; day++) {
      await clock.advance(DAY_S);
      const view = await supervisor.until("job", (seen) => isDone(seen) && seen.next_start !== due);
      expect([view.state, runsOf(place)]).toEqual(["waiting", day]);
      due = view.next_start;
    }
  });

  test("many times at once, the service runs once", async () => {
    const place = new TestPlace({});
    place.write("job.toml", noted(place, 'cron = "*/10 * * * *"'));
    await using clocked = await startWithClock(place);
    const { supervisor, clock } = clocked;
    const before = await supervisor.until("job", ({ next_start }) => next_start !== null);
    await clock.advance(DAY_S);
    await supervisor.until("job", (seen) => isDone(seen) && seen.next_start !== before.next_start);
    expect(runsOf(place)).toBe(1);
  });

  test("while the run before is at work, the service runs again after it, where runs are queued", async () => {
    const place = new TestPlace({});
    const wait = `until [ -e "${place.path("go")}" ]; do sleep 0.05; done`;
    place.write("job.toml", noted(place, 'every = "1h"\noverlap = "queue"', wait));
    await using clocked = await startWithClock(place);
    const { supervisor, clock } = clocked;
    const first = await supervisor.until("job", ({ next_start }) => next_start !== null);
    await clock.advance(3_700);
    const running = await supervisor.until(
      "job",
      ({ pid, next_start }) => pid !== null && next_start !== first.next_start,
    );
    await untilTrue(() => runsOf(place) === 1);
    await clock.advance(3 * 3_600);
    await supervisor.until("job", ({ next_start }) => next_start !== running.next_start);
    expect(runsOf(place)).toBe(1);
    writeFileSync(place.path("go"), "");
    await untilTrue(() => runsOf(place) === 2);
    await supervisor.until("job", ({ state, pid }) => state === "waiting" && pid === null);
    expect(runsOf(place)).toBe(2);
  });
});

describe("run", () => {
  test("runs a service now and ends as it has ended", async () => {
    await using supervisor = await TestSupervisor.start({
      "job.toml": shell("exit 42", 'type = "oneshot"\n[schedule]\ncron = "@yearly"'),
      "hand.toml": shell("exit 0", 'type = "oneshot"\nstart = "manual"'),
      "web.toml": shell("exec sleep 1000000"),
    });
    expect(await supervisor.command("run", "job")).toMatchObject({ code: 42, stderr: "job: exited 42\n" });
    expect(await supervisor.command("run", "job")).toMatchObject({ code: 42 });
    expect(await supervisor.command("run", "hand")).toMatchObject({ code: 0, stdout: "hand: exited 0\n" });
    expect((await supervisor.command("run", "web")).code).toBe(2);
    expect((await supervisor.command("run", "nope")).code).toBe(5);
    expect((await supervisor.service("job")).state).toBe("waiting");
  });

  test("ends with 128 + n if the service was killed", async () => {
    await using supervisor = await TestSupervisor.start({
      "job.toml": shell("exec sleep 1000000", 'type = "oneshot"\nstart = "manual"'),
    });
    const ran = supervisor.command("run", "job");
    const { pid } = await supervisor.until("job", (view) => view.pid !== null);
    signalProcess(pid, "SIGKILL");
    expect((await ran).code).toBe(137);
  });

  test("ends with 1 if the service could not be started", async () => {
    await using supervisor = await TestSupervisor.start({
      "job.toml": shell("exit 0", 'type = "oneshot"\nstart = "manual"\n[limits]\ncore = 0'),
    });
    expect((await supervisor.command("run", "job")).code).toBe(0);
    supervisor.place.write("job.toml", `command = ["/nonexistent/program"]\ntype = "oneshot"\nstart = "manual"\n`);
    await supervisor.command("reload");
    const ran = await supervisor.command("run", "job");
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot run "job"') });
  });
});
