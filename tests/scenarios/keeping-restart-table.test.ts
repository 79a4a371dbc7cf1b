/*
 * The table of systemd's Restart= (systemd.service(5)) for the four policies that exist here, with real processes. What is
 * restarted would be so after an hour, and is therefore seen waiting for it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import type { ServiceView } from "../../src/core/service-view.ts";
import { shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { type Clocked, cannotMoveClocks, startWithClock } from "./movable-clock.ts";
import { TestPlace, type TestSupervisor, run } from "./test-supervisor.ts";

const POLICIES = ["always", "on-failure", "on-abnormal", "never"] as const;
type Policy = (typeof POLICIES)[number];

interface Cause {
  readonly name: string;
  readonly script: string;
  readonly restartedBy: readonly Policy[];
  readonly otherwise: "done" | "failed";
}

const CLEAN = { restartedBy: ["always"], otherwise: "done" } as const;
const UNCLEAN_CODE = { restartedBy: ["always", "on-failure"], otherwise: "failed" } as const;
const UNCLEAN = { restartedBy: ["always", "on-failure", "on-abnormal"], otherwise: "failed" } as const;

const OF_SERVICES: readonly Cause[] = [
  { name: "clean-exit-code", script: "exit 0", ...CLEAN },
  ...["HUP", "INT", "TERM", "PIPE"].map((signal) => ({
    name: `clean-signal-${signal}`,
    script: `kill -${signal} $$`,
    ...CLEAN,
  })),
  { name: "unclean-exit-code", script: "exit 3", ...UNCLEAN_CODE },
  { name: "unclean-signal", script: "kill -KILL $$", ...UNCLEAN },
];

const OF_ONESHOTS: readonly Cause[] = [
  { name: "clean-exit-code", script: "exit 0", ...CLEAN },
  { name: "unclean-exit-code", script: "exit 3", ...UNCLEAN_CODE },
  { name: "unclean-signal", script: "kill -KILL $$", ...UNCLEAN },
  // What ends a service cleanly has kept a oneshot from its work.
  { name: "signal-TERM", script: "kill -TERM $$", ...UNCLEAN },
];

const CELLS = [
  ...OF_SERVICES.flatMap((cause) => POLICIES.map((policy) => ({ type: "simple", cause, policy }))),
  // "always" is refused for a oneshot.
  ...OF_ONESHOTS.flatMap((cause) => POLICIES.slice(1).map((policy) => ({ type: "oneshot", cause, policy }))),
].map((cell) => ({ ...cell, service: `${cell.type}.${cell.policy}.${cell.cause.name}` }));

const LISTS = [
  { service: "success-code", script: "exit 3", table: 'policy = "on-failure"\nsuccess = [3]', state: "done" },
  { service: "success-not-listed", script: "exit 0", table: 'policy = "on-failure"\nsuccess = [3]', state: "backoff" },
  {
    service: "success-signal",
    script: "kill -USR1 $$",
    table: 'policy = "on-failure"\nsuccess = ["SIGUSR1"]',
    state: "done",
  },
  { service: "prevent-code", script: "exit 78", table: "prevent = [78]", state: "failed" },
  { service: "prevent-other", script: "exit 77", table: "prevent = [78]", state: "backoff" },
  { service: "prevent-signal", script: "kill -USR2 $$", table: 'prevent = ["SIGUSR2"]', state: "failed" },
  { service: "prevent-success", script: "exit 4", table: "success = [4]\nprevent = [4]", state: "done" },
] as const;

const canDump = await canDumpCore();

/** Dumping a core needs a directory that can be written to, and a kernel that is asked to. */
async function canDumpCore(): Promise<boolean> {
  using place = new TestPlace({});
  const { code } = await run([
    "sh",
    "-c",
    `cd '${place.directory}' && ulimit -c unlimited && sh -c 'kill -SEGV $$'; ls core*`,
  ]);
  return skipReason("core dumps", [[code === 0, "the kernel makes no core file"]]) === null;
}

// "never" is refused a delay.
const delay = (policy: Policy): string =>
  `[restart]\npolicy = "${policy}"${policy === "never" ? "" : '\ndelay = "1h"'}`;

describe("the table of exits and policies", () => {
  let supervisor: TestSupervisor;

  beforeAll(async () => {
    const place = new TestPlace({});
    for (const { service, type, cause, policy } of CELLS)
      place.write(`${service}.toml`, shell(cause.script, `type = "${type}"\n${delay(policy)}`));
    for (const { service, script, table } of LISTS)
      place.write(`${service}.toml`, shell(script, `[restart]\ndelay = "1h"\n${table}`));
    mkdirSync(place.path("cores"));
    const dumping = `directory = "${place.path("cores")}"\n[limits]\ncore = "unlimited"\n`;
    place.write("dumping.toml", shell("kill -SEGV $$", `${dumping}[restart]\nsuccess = ["SIGSEGV"]\npolicy = "never"`));
    place.write(
      "not-dumping.toml",
      shell("kill -SEGV $$", `[limits]\ncore = 0\n[restart]\nsuccess = ["SIGSEGV"]\npolicy = "never"`),
    );
    supervisor = await place.start();
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
  });

  for (const { service, type, cause, policy } of CELLS) {
    const isRestarted = cause.restartedBy.includes(policy);
    const article = type === "oneshot" ? "a oneshot" : "a service";
    test(`${article} with policy ${policy} is ${isRestarted ? "" : "not "}restarted after ${cause.name}`, async () => {
      const view = await supervisor.until(service, hasSettled);
      expect(view.state).toBe(isRestarted ? "backoff" : cause.otherwise);
      expect(view.next_start === null).toBe(!isRestarted);
      expect(view.last_exit).not.toBeNull();
    });
  }

  for (const { service, state } of LISTS) {
    test(`the lists of success and prevent: ${service} ends in ${state}`, async () => {
      expect((await supervisor.until(service, hasSettled)).state).toBe(state);
    });
  }

  test.skipIf(!canDump)("a core dump is never clean, even if its signal is listed as success", async () => {
    const view = await supervisor.until("dumping", hasSettled);
    expect(view.last_exit).toMatchObject({ signal: "SIGSEGV", reason: "killed by SIGSEGV (core dumped)" });
    expect(view.state).toBe("failed");
  });

  test("the same signal without a core dump is", async () => {
    const view = await supervisor.until("not-dumping", hasSettled);
    expect(view.last_exit).toMatchObject({ signal: "SIGSEGV", reason: "killed by SIGSEGV" });
    expect(view.state).toBe("done");
  });
});

describe.skipIf(cannotMoveClocks !== null)("the row of time-outs", () => {
  let clocked: Clocked;

  beforeAll(async () => {
    const place = new TestPlace({});
    for (const policy of POLICIES) {
      const forking = `type = "forking"\npid_file = "${place.path(policy)}"\n`;
      place.write(`${policy}.toml`, shell("exec sleep 1000", forking + delay(policy)));
    }
    clocked = await startWithClock(place);
    for (const policy of POLICIES) await clocked.supervisor.until(policy, (view) => view.state === "starting");
    await clocked.clock.advance(61);
  });

  afterAll(async () => {
    await clocked?.[Symbol.asyncDispose]();
  });

  for (const policy of POLICIES) {
    const isRestarted = policy !== "never";
    test(`a start that takes too long is ${isRestarted ? "" : "not "}followed by another with policy ${policy}`, async () => {
      const view = await clocked.supervisor.until(policy, hasSettled);
      expect(view.state).toBe(isRestarted ? "backoff" : "failed");
      expect(view.message).toContain("did not exit");
    });
  }
});

function hasSettled(view: ServiceView): boolean {
  return view.state === "backoff" || view.state === "done" || view.state === "failed";
}
