/* The second part of the tour: the stack of docs/real-stack.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chanceLoopbackAddress } from "../scenarios/loopback-address.ts";
import { needsRealStack, settle } from "../scenarios/real-stack.ts";
import { TestPlace, TestSupervisor, signalProcess } from "../scenarios/test-supervisor.ts";
import { Stage } from "./stage.ts";

/** true: something that the stack is made of is not installed here. */
export const needsStack: boolean = needsRealStack;

export async function tellStack(): Promise<Readonly<Record<string, string>>> {
  using place = new TestPlace({});
  const address = chanceLoopbackAddress();
  settle(place, address);
  holdSetup(place);
  using stage = new Stage(place, [[address, "127.0.0.1"]]);
  const start = await stage.block({ line: "daemonsup --config services.d" });
  const early = await stage.block({ line: "daemonsup status", note: "at once" });
  await using supervisor = await TestSupervisor.connect(place);
  writeFileSync(place.path("go"), "");
  await supervisor.until("proxy", ({ state }) => state === "up");
  await supervisor.until("cache", ({ status }) => status?.startsWith("Ready") === true);
  const late = await stage.block({ line: "daemonsup status", note: "two seconds later" });
  const events = await tellEvents(stage, supervisor);
  const stop = await stage.block({ line: "daemonsup stop db" }, { line: "daemonsup status app db" });
  const again = await stage.block({ line: "daemonsup start db", note: "app starts as soon as it is ready" });
  const run = await stage.block({ line: "daemonsup run nightly", note: "now, whatever its schedule says" });
  await stage.print("daemonsup shutdown");
  await supervisor.gone();
  return {
    "stack-start": `${start}\n\n${early}\n\n${late}`,
    "stack-change": `${events}\n\n${stop}\n\n${again}\n\n${run}`,
  };
}

/** What is shown at once must not depend on who is quicker. */
function holdSetup(place: TestPlace): void {
  const file = join(place.config, "setup.toml");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("  cd ${SHOP}\n", "  until [ -e ${SHOP}/go ]; do sleep 0.05; done\n  cd ${SHOP}\n"));
}

async function tellEvents(stage: Stage, supervisor: TestSupervisor): Promise<string> {
  const watching = stage.spawn("daemonsup events");
  let text = "";
  const reading = (async () => {
    for await (const chunk of watching.stdout) text += Buffer.from(chunk).toString();
  })();
  const seen = async (pattern: RegExp, meanwhile: () => Promise<unknown> = () => Bun.sleep(10)): Promise<void> => {
    while (!pattern.test(text)) await meanwhile();
  };
  // Nothing tells from outside when a stream is open: something happens until it is seen.
  await seen(/ reload/, () => supervisor.command("reload"));
  const { pid } = await supervisor.service("cache");
  signalProcess(pid, "SIGKILL");
  await seen(/cache: starting -> up/);
  watching.kill("SIGKILL");
  await reading;
  const lines = text.split("\n").filter((line) => / cache: /.test(line));
  const first = lines.findIndex((line) => line.includes("cache: exit"));
  return `$ daemonsup events          # while cache is killed: kill -9\n${stage.screen(lines.slice(first).join("\n"))}`;
}
