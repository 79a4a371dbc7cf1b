/* The end of a critical service is that of the supervisor. */
import { describe, expect, test } from "bun:test";
import { program, shell } from "./definitions.ts";
import { expectStory } from "./gated-services.ts";
import { skipReason } from "./loud-skip.ts";
import { UNSHARE, canUnshare } from "./pid-namespace.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, signalProcess } from "./test-supervisor.ts";

const SLEEPER = ["sleep", "1000"] as const;

/** A critical service that ends as the word in the file says, in the middle of a chain. */
function chainAround(place: TestPlace, script: string, more = ""): void {
  const wait = `until [ -e "${place.path("go")}" ]; do sleep 0.01; done`;
  place.write(
    "main.toml",
    shell(`${wait}; ${script}`, `critical = true\nrequires = ["db"]\n${more}\n[limits]\ncore = 0`),
  );
  place.write("db.toml", program(SLEEPER));
  place.write("web.toml", program(SLEEPER, 'requires = ["main", "api"]'));
  place.write("api.toml", program(SLEEPER, 'requires = ["db"]'));
}

const CODES: readonly (readonly [how: string, script: string, code: number])[] = [
  ["ends with a code", "exit 42", 42],
  ["ends well", "exit 0", 0],
  ["is killed by SIGKILL", "kill -KILL $$", 137],
  ["is killed by SIGTERM", "kill -TERM $$", 143],
  ["is killed by SIGSEGV", "kill -SEGV $$", 139],
];

for (const [how, script, code] of CODES) {
  test(`a critical service that ${how} ends the supervisor with ${code}, after all others have ended in order`, async () => {
    using place = new TestPlace({});
    chainAround(place, script);
    await using command = new RunningCommand(place.startWords({ foreground: true }));
    await command.says("stdout", /is up/);
    await using supervisor = await TestSupervisor.connect(place);
    for (const name of ["main", "web"]) await supervisor.until(name, (view) => view.state === "up");
    await Bun.write(place.path("go"), "");
    expect(await command.ended).toEqual({ code, signal: null });
    await expectStory(supervisor, ["web stopping", "api stopping", "db stopping"]);
    expect(place.marked()).toEqual([]);
  });
}

describe("a critical service", () => {
  test("that has a policy of restarts ends the supervisor only when it is given up", async () => {
    using place = new TestPlace({});
    place.write(
      "main.toml",
      shell(
        "echo run; exit 9",
        'critical = true\n[restart]\npolicy = "always"\ndelay = "10ms"\nlimit = { count = 2, within = "1m" }',
      ),
    );
    await using command = new RunningCommand(place.startWords({ foreground: true }));
    expect(await command.ended).toEqual({ code: 9, signal: null });
    expect(place.read("log", "main.log").match(/run/g)).toHaveLength(3);
  });

  test("that cannot be started ends the supervisor with a failure", async () => {
    using place = new TestPlace({});
    place.write("main.toml", program(SLEEPER, 'critical = true\n[hooks]\nbefore_start = ["sh", "-c", "exit 7"]'));
    await using command = new RunningCommand(place.startWords({ foreground: true }));
    expect(await command.ended).toEqual({ code: 1, signal: null });
  });

  test("that an operator stops leaves the supervisor running", async () => {
    await using supervisor = await TestSupervisor.start({
      "main.toml": program(SLEEPER, "critical = true"),
      "other.toml": program(SLEEPER),
    });
    await supervisor.until("main", (view) => view.state === "up");
    expect(await supervisor.command("stop", "main")).toMatchObject({ code: 0 });
    expect((await supervisor.service("other")).state).toBe("up");
  });

  test("that is killed ends a supervisor in the background as well, and nothing is left", async () => {
    await using supervisor = await TestSupervisor.start({
      "main.toml": program(SLEEPER, "critical = true"),
      "other.toml": program(SLEEPER),
    });
    const { pid } = await supervisor.until("main", (view) => view.state === "up");
    signalProcess(pid, "SIGKILL");
    await supervisor.gone();
    expect(supervisor.place.marked()).toEqual([]);
    expect(supervisor.place.ownLog()).toContain('"main" is critical and has ended');
  });

  test("does what its hooks say before the supervisor ends", async () => {
    using place = new TestPlace({});
    const hooks =
      '[hooks]\nafter_stop = ["sh", "-c", "echo cleaned"]\non_failure = ["sh", "-c", "sleep 0.1; echo told"]';
    place.write("main.toml", shell("exit 6", `critical = true\n${hooks}`));
    await using command = new RunningCommand(place.startWords({ foreground: true }));
    expect(await command.ended).toEqual({ code: 6, signal: null });
    expect(place.read("log", "main.log")).toMatch(/cleaned\n.*told\n/);
  });
});

const skipped = skipReason("being pid 1", [[canUnshare, "no pid namespace can be made here"]]);

test.skipIf(skipped !== null)(
  "the first process of a container ends like its critical service, others first",
  async () => {
    using place = new TestPlace({});
    chainAround(place, "kill -USR1 $$");
    await using command = new RunningCommand(place.startWords({ foreground: true, wrapper: UNSHARE }));
    await command.says("stdout", /is up: pid 1/);
    await using supervisor = await TestSupervisor.connect(place);
    await supervisor.until("web", (view) => view.state === "up");
    await Bun.write(place.path("go"), "");
    expect(await command.ended).toEqual({ code: 128 + 10, signal: null });
    await expectStory(supervisor, ["web stopping", "api stopping", "db stopping"]);
    expect(place.marked()).toEqual([]);
  },
);
