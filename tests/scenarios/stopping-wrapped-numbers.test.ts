/*
 * Process numbers are used again after some milliseconds: in a pid namespace with hardly any of them, where one program
 * outside of the supervisor and one of its services fork as fast as they can. Whatever goes to a number that meant something else a moment
 * ago hits one of those.
 */
import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { UNSHARE } from "./pid-namespace.ts";
import { processesOf } from "./proc.ts";
import { TestPlace, TestSupervisor, untilTrue } from "./test-supervisor.ts";

/** Numbers from 300 on are used again and again. */
const MOST_NUMBERS = 420;
/** How often a restarted service has to get a lower number than before. */
const WRAPS = 20;

const storm = compileProgram("fork-storm");
const limiting = `echo ${MOST_NUMBERS} > /proc/sys/kernel/pid_max && test "$(cat /proc/sys/kernel/pid_max)" = ${MOST_NUMBERS}`;
const probe = Bun.spawnSync([...UNSHARE, "sh", "-c", limiting], { stderr: "ignore" });
const before = await Bun.file("/proc/sys/kernel/pid_max").text();

const cannotLimit = skipReason("process numbers that are used again", [
  [storm !== null, "there is no C compiler"],
  [probe.success && before.trim() !== String(MOST_NUMBERS), "a pid namespace has no pid_max of its own here"],
]);

/** The first process of the namespace: nothing in there outlives it. */
let outside: Bun.Subprocess | null = null;

// Also if the test runs out of time: what is in there keeps the machine busy.
afterEach(async () => {
  outside?.kill("SIGKILL");
  await outside?.exited;
});

test.skipIf(cannotLimit !== null)(
  "services are restarted while numbers are used again, and nothing else is signalled",
  async () => {
    using place = new TestPlace({});
    const [foreign, signals] = [place.path("foreign"), place.path("signals")];
    const names = "HUP INT QUIT USR1 USR2 TERM CONT";
    const noting = `for name in ${names}; do trap "echo $name >> ${signals}" $name; done; while :; do sleep 1000 & wait $!; done`;
    place.write("steady.toml", shell(noting, '[stop]\nsignal = "SIGKILL"'));
    place.write("storm.toml", program([storm ?? "", place.path("storm"), "6"]));
    place.write("plain.toml", program(["sleep", "1000"]));
    place.write("family.toml", shell("(setsid sleep 1000 &) ; sleep 1000 & exec sleep 1000"));
    place.write("dying.toml", shell("(setsid sleep 1000 &) ; exit 1", '[restart]\ndelay = "0ms"\nmax_delay = "20ms"'));

    const begin = `${limiting} && { ${storm} ${foreign} 6 & "$@"; }`;
    const words = [...UNSHARE, "sh", "-c", begin, "sh", ...place.startWords({ foreground: true })];
    outside = Bun.spawn(words, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    const address = { unix: `${place.runtime}/control.sock` };
    await untilTrue(
      async () =>
        await fetch("http://daemonsup/v1/version", address).then(
          () => true,
          () => false,
        ),
    );
    const find = (): number | undefined => processesOf("daemonsup", "--config", place.config)[0];
    await untilTrue(() => find() !== undefined);
    await using supervisor = await TestSupervisor.connect(place, find() ?? 0);
    const steady = await supervisor.until("steady", (view) => view.state === "up");

    const restarted = ["plain", "family", "storm"];
    for (let [wraps, last] = [0, 0]; wraps < WRAPS;) {
      const answers = await Promise.all(
        restarted.map((name) => supervisor.request("POST", `/v1/services/${name}/restart`, { wait: true })),
      );
      for (const answer of answers) expect(await answer.json()).toMatchObject({ result: "done" });
      const { pid } = await supervisor.service("plain");
      if ((pid ?? 0) < last) wraps++;
      last = pid ?? 0;
    }

    expect(await supervisor.service("steady")).toMatchObject({ state: "up", pid: steady.pid, restarts: 0 });
    expect(existsSync(signals) ? place.read("signals") : "").toBe("");
    expect(existsSync(foreign) ? place.read("foreign") : "").toBe("");
    for (const name of [...restarted, "dying"]) expect((await supervisor.command("stop", name)).code).toBe(0);
    await untilTrue(() => place.marked().length === 2);
  },
);
