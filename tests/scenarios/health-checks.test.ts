/* Services whose health is checked; the test holds the other end of each check. */
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { TestPlace, type TestSupervisor } from "./test-supervisor.ts";

const FOREVER = ["sleep", "1000000"];

/** The messages of the events about its health, once there are so many. */
async function healthEvents(supervisor: TestSupervisor, count: number): Promise<readonly (string | null)[]> {
  const messages = () => supervisor.events.filter(({ event }) => event === "health").map(({ message }) => message);
  await supervisor.event(() => messages().length >= count);
  return messages();
}

describe("a service whose health is only reported", () => {
  test("is told of when it falls ill and when it recovers, with what its check has said", async () => {
    let status = 200;
    const fetch = () => new Response("the cache is away", { status });
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
    const health = `[health]\nhttp = "${server.url.href}"\ninterval = "20ms"\nfailures = 2\naction = "report"`;
    const place = new TestPlace({ "web.toml": program(FOREVER, health) });
    await using supervisor = await place.start();
    await supervisor.until("web", (view) => view.health === "healthy");

    status = 503;
    const ill = await supervisor.until("web", (view) => view.health === "unhealthy");
    expect([ill.state, ill.health_detail, ill.health_output]).toEqual(["up", "answered 503", "the cache is away"]);
    const shown = await supervisor.command("status", "web");
    expect(shown.stdout).toMatch(/health +unhealthy\n +last check +answered 503\n +check said +the cache is away\n/);

    status = 200;
    const well = await supervisor.until("web", (view) => view.health === "healthy");
    expect([well.restarts, well.pid]).toEqual([0, ill.pid]);
    expect((await healthEvents(supervisor, 2)).slice(-2)).toEqual([
      "unhealthy: answered 503 (2 checks in a row have failed)",
      "healthy again",
    ]);
  });
});

describe("a service that is unhealthy", () => {
  test("is restarted, and healthy again after that", async () => {
    const place = new TestPlace({});
    const file = place.path("well");
    writeFileSync(file, "");
    const health = `[health]\ncommand = ["test", "-e", "${file}"]\ninterval = "20ms"\nfailures = 2`;
    place.write("web.toml", program(FOREVER, `${health}\n[restart]\ndelay = "0ms"`));
    await using supervisor = await place.start();
    const before = await supervisor.until("web", (view) => view.health === "healthy");
    rmSync(file);
    await supervisor.event(({ event, message }) => event === "health" && message?.startsWith("unhealthy") === true);
    writeFileSync(file, "");
    const after = await supervisor.until("web", (view) => view.health === "healthy" && view.restarts > 0);
    expect(after.pid).not.toBe(before.pid);
    expect(after.last_exit?.reason).toContain("unhealthy: exited 1");
  });

  test("is restarted once for it, and not checked while it waits for that", async () => {
    const place = new TestPlace({});
    const [first, well, failed] = ["first", "well", "failed"].map((name) => place.path(name));
    const check = ["sh", "-c", `test -e ${well} || { echo >> ${failed}; exit 1; }`];
    // Only the second run is well.
    const before = ["sh", "-c", `test ! -e ${first} || touch ${well}; touch ${first}`];
    const more = [
      `[health]\ncommand = ${JSON.stringify(check)}\ninterval = "10ms"\nfailures = 1`,
      `[hooks]\nbefore_start = ${JSON.stringify(before)}`,
      '[restart]\ndelay = "500ms"',
    ];
    place.write("web.toml", program(FOREVER, more.join("\n")));
    await using supervisor = await place.start();
    const after = await supervisor.until("web", (view) => view.health === "healthy");
    expect([after.restarts, after.last_exit?.reason]).toEqual([1, expect.stringContaining("unhealthy: exited 1")]);
    expect(place.read("failed")).toBe("\n");
    const ills = (await healthEvents(supervisor, 1)).filter((message) => message?.startsWith("unhealthy") === true);
    expect(ills).toHaveLength(1);
  });

  test("is stopped and failed where its policy says so", async () => {
    const health = '[health]\ncommand = ["false"]\ninterval = "20ms"\nfailures = 2\naction = "stop"';
    const place = new TestPlace({ "web.toml": program(FOREVER, health) });
    await using supervisor = await place.start();
    const view = await supervisor.until("web", ({ state }) => state === "failed");
    expect(view.message).toBe("unhealthy: exited 1 (2 checks in a row have failed)");
    expect([view.health, view.health_detail]).toEqual([null, "exited 1"]);
    await place.untilMarked();
  });
});

describe("a check", () => {
  test("that hangs is killed with all its children, and fails", async () => {
    const hang = ["sh", "-c", "echo at it; setsid sh -c 'sleep 1000000 & sleep 1000000' & sleep 1000000"];
    const health = `command = ${JSON.stringify(hang)}\ninterval = "1h"\nstart_period = "0s"\ntimeout = "2s"\nfailures = 1`;
    const place = new TestPlace({});
    const ready = '[ready]\ncommand = ["true"]';
    place.write("web.toml", program(FOREVER, `${ready}\n[health]\n${health}\naction = "report"`));
    await using supervisor = await place.start();
    const view = await supervisor.until("web", ({ health: found }) => found === "unhealthy");
    expect([view.health_detail, view.health_output]).toEqual(["took longer than 2s: at it", "at it\n"]);
    await place.untilMarked(view.pid);
  });

  test("that is changed by a reload counts at once, without a restart", async () => {
    const place = new TestPlace({ "web.toml": program(FOREVER, '[health]\ncommand = ["false"]\ninterval = "1h"') });
    await using supervisor = await place.start();
    const before = await supervisor.until("web", ({ health }) => health === "starting");
    place.write("web.toml", program(FOREVER, '[health]\ncommand = ["true"]\ninterval = "1h"'));
    expect((await supervisor.command("reload")).code).toBe(0);
    const after = await supervisor.until("web", ({ health }) => health === "healthy");
    expect([after.pid, after.restarts]).toEqual([before.pid, 0]);
    place.write("web.toml", program(FOREVER));
    expect((await supervisor.command("reload")).code).toBe(0);
    expect((await supervisor.service("web")).health_detail).toBeNull();
  });
});
