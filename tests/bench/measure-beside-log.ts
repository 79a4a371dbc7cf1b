/* What a service that writes as fast as it can does to commands about another one. */
import { mkdirSync } from "node:fs";
import { FLOOR, OURS } from "./book.ts";
import { Driver, millisOf } from "./driver.ts";
import { writerDefinition } from "./log-ours.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import type { Scene } from "./scene.ts";

const COMMANDS = 10;
/** More than anybody writes in the time. */
const ENDLESS = 2 ** 50;

/** Ten commands of each kind in peace, ten beside the writer, and so on. */
export async function measureBesideLog(scene: Scene, rounds: number): Promise<void> {
  const { workshop, programs, quiet } = scene;
  const directory = workshop.path("beside");
  mkdirSync(directory);
  const stamps = workshop.makeStamps("beside", 1);
  const task = { program: programs.service, stamps, count: 0, directory };
  const driver = new Driver(programs.driver, { service: task.program, stamps, count: 1 });
  const ours = new OurSupervisor(programs.daemonsup, task);
  ours.prepare();
  const writer = [task.program, stamps, "0", String(ENDLESS), "65536"];
  ours.write(
    "writer.toml",
    writerDefinition({ writer, bytes: ENDLESS, chunk: 65536, isStamped: true, name: "writer" }),
  );
  ours.write("other.toml", 'command = ["sleep", "infinity"]\n');
  await ours.launch(driver);
  for (let round = 0; round < rounds; round++) {
    await quiet.wait();
    await runCommands(FLOOR, ours, { scene, driver });
    await driver.clear();
    const { began } = await driver.launch(ours.client("start", "--no-wait", "writer"));
    await driver.started(began);
    await runCommands(OURS, ours, { scene, driver });
    await driver.run(ours.client("stop", "writer"));
  }
  await ours.end(driver, ours);
  await driver.close();
}

async function runCommands(
  column: string,
  ours: OurSupervisor,
  { scene, driver }: { readonly scene: Scene; readonly driver: Driver },
): Promise<void> {
  for (let round = 0; round < COMMANDS; round++)
    for (const [figure, verb] of [
      ["statusBeside", "status"],
      ["restartBeside", "restart"],
    ] as const) {
      const run = await driver.run(ours.client(verb, "other"));
      if (run.status !== 0) throw new Error(`cannot run "daemonsup ${verb} other": status ${run.status}`);
      scene.book.note(figure, column, millisOf(run));
    }
}
