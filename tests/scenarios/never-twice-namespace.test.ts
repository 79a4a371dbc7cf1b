/* A container that people enter: whoever is let in from outside is in session 0 there, and so are all others let in. */
import { expect, test } from "bun:test";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { UNSHARE, canUnshare, entering } from "./pid-namespace.ts";
import { processesOf } from "./proc.ts";
import { childrenOf, environmentOf, factsOf } from "./process-facts.ts";
import { RunningCommand } from "./running-command.ts";
import { TestPlace, TestSupervisor, hasEnded, run, untilTrue } from "./test-supervisor.ts";

const skipped = skipReason("a supervisor that died in a container", [
  [canUnshare, "no pid namespace can be made here"],
]);

async function startIn(first: number, place: TestPlace): Promise<TestSupervisor> {
  expect(await run(place.startWords({ wrapper: entering(first), args: ["--no-guardian"] }))).toMatchObject({ code: 0 });
  return await TestSupervisor.connect(place, processesOf("daemonsup", "--config", place.config)[0] ?? -1);
}

test.skipIf(skipped !== null)(
  "whoever entered a container with the environment of a service is let alone, and so are all who came the same way",
  async () => {
    using place = new TestPlace({ "copied.toml": program(["sleep", "1000"]) });
    await using container = new RunningCommand([...UNSHARE, "sleep", "2000"]);
    await untilTrue(() => childrenOf(container.pid).length === 1);
    const first = childrenOf(container.pid)[0] ?? -1;
    await untilTrue(() => factsOf(first).name === "sleep");
    await using dying = await startIn(first, place);
    const old = await dying.until("copied", (view) => view.state === "up");
    const main = processesOf("sleep", "1000").find((pid) => place.marked().includes(pid)) ?? -1;

    await using bystander = new RunningCommand([...entering(first), "sleep", "1000"]);
    const mark = environmentOf(main);
    const enter = entering(first);
    const copyWords = [...enter, "env", ...[...mark].map(([name, value]) => `${name}=${value}`), "sleep", "1000"];
    await using copy = new RunningCommand(copyWords);
    await untilTrue(() => place.marked().length === 2);

    dying.kill("SIGKILL");
    await dying.gone();
    await using next = await startIn(first, place);
    expect(await next.service("copied")).toMatchObject({ state: "up", pid: old.pid });
    expect((await next.command("stop", "copied")).code).toBe(0);
    expect(hasEnded(main)).toBe(true);
    for (const outsider of [container, bystander, copy]) expect(hasEnded(outsider.pid)).toBe(false);
  },
);
