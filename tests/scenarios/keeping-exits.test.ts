import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { TestPlace, type TestSupervisor } from "./test-supervisor.ts";

const CODES = [0, 1, 2, 3, 42, 63, 64, 77, 78, 100, 125, 126, 127, 128, 129, 137, 143, 200, 254, 255];
const SIGNALS = ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2"].concat([
  "PIPE",
  "ALRM",
  "TERM",
  "XCPU",
  "XFSZ",
  "VTALRM",
  "PROF",
  "IO",
  "PWR",
  "SYS",
]);
const HELD_BACK = '[restart]\ndelay = "1h"';

let supervisor: TestSupervisor;

beforeAll(async () => {
  const place = new TestPlace({});
  for (const code of CODES) place.write(`code-${code}.toml`, shell(`exit ${code}`, 'type = "oneshot"'));
  for (const signal of SIGNALS)
    place.write(`signal-${signal}.toml`, shell(`kill -${signal} $$`, 'type = "oneshot"\n[limits]\ncore = 0'));

  const garbage = place.path("garbage");
  writeFileSync(garbage, "\0this is no program");
  chmodSync(garbage, 0o755);
  const orphan = place.path("orphan");
  writeFileSync(orphan, "#!/no/such/interpreter\n");
  chmodSync(orphan, 0o755);
  place.write("garbage.toml", program([garbage], HELD_BACK));
  place.write("orphan.toml", program([orphan], HELD_BACK));
  place.write("missing.toml", program(["/no/such/program"]));
  place.write("missing-in-path.toml", program(["no-such-program"]));
  place.write("missing-user.toml", program(["sleep", "1000"], 'user = "no-such-user"'));
  place.write("vanishing.toml", program([place.path("vanishing")], HELD_BACK));
  writeFileSync(place.path("vanishing"), "#!/bin/sh\nexit 1\n");
  chmodSync(place.path("vanishing"), 0o755);
  place.write("neighbour.toml", program(["sleep", "1000"]));
  supervisor = await place.start();
});

afterAll(async () => {
  await supervisor?.[Symbol.asyncDispose]();
});

for (const code of CODES) {
  test(`exit code ${code} passes through`, async () => {
    const view = await supervisor.until(`code-${code}`, (now) => now.last_exit !== null);
    expect(view.last_exit).toMatchObject({ code, signal: null, reason: `exited ${code}` });
    expect(view.state).toBe(code === 0 ? "done" : "failed");
  });
}

for (const signal of SIGNALS) {
  test(`death by SIG${signal} is shown by its name`, async () => {
    const view = await supervisor.until(`signal-${signal}`, (now) => now.last_exit !== null);
    expect(view.last_exit).toMatchObject({ code: null, signal: `SIG${signal}`, reason: `killed by SIG${signal}` });
  });
}

test("a program that is not there costs only its own service, which says what is missing", async () => {
  const view = await supervisor.service("missing");
  expect(view).toMatchObject({ state: "failed", pid: null, last_exit: null });
  expect(view.message).toContain("/no/such/program");
  expect((await supervisor.service("missing-in-path")).message).toContain("no-such-program");
  expect((await supervisor.until("neighbour", (now) => now.state === "up")).restarts).toBe(0);
});

test("a user that is not there costs only its own service, which says who is missing", async () => {
  const view = await supervisor.service("missing-user");
  expect(view.state).toBe("failed");
  expect(view.message).toContain('"no-such-user"');
});

test("a file that the kernel cannot execute fails with the stage, the errno and the file", async () => {
  const view = await supervisor.until("garbage", (now) => now.state === "backoff");
  expect(view.message).toContain(`exec failed: ENOEXEC: ${supervisor.place.path("garbage")}`);
  expect(view.last_exit).toBeNull();
});

test("a script whose interpreter is missing fails with the stage and the errno", async () => {
  const view = await supervisor.until("orphan", (now) => now.state === "backoff");
  expect(view.message).toContain("exec failed: ENOENT");
});

test("a program that vanished since the start is found missing by the next one, and found again when it is back", async () => {
  await supervisor.until("vanishing", (view) => view.state === "backoff");
  const path = supervisor.place.path("vanishing");
  const { renameSync } = await import("node:fs");
  renameSync(path, `${path}.away`);
  const failed = await supervisor.command("start", "vanishing");
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain(path);
  renameSync(`${path}.away`, path);
  await supervisor.request("POST", "/v1/services/vanishing/start", { wait: false });
  const view = await supervisor.until("vanishing", (now) => now.last_exit !== null && now.state === "backoff");
  expect(view.message).toContain("exited 1");
});

test("the commands that wait tell how the start of such a service went", async () => {
  const missing = await supervisor.command("start", "missing");
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("/no/such/program");
  const garbage = await supervisor.command("restart", "garbage");
  expect(garbage.code).toBe(1);
  expect(garbage.stderr).toContain("ENOEXEC");
});
