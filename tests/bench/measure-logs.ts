/* How fast the output of one service reaches its file, with and without a time stamp before each line. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FLOOR, type FigureName, OURS } from "./book.ts";
import { Driver, type Span } from "./driver.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import type { Scene } from "./scene.ts";

const LINE = 100;
const LINES = Math.floor(2 ** 30 / LINE);
const TRIAL_LINES = 10;

const VARIANTS = [
  { figure: "logPlain", stamp: "none" },
  { figure: "logStamped", stamp: "iso" },
] as const satisfies readonly { readonly figure: FigureName; readonly stamp: string }[];

export async function measureLogs(scene: Scene, rounds: number): Promise<void> {
  const { workshop, programs, book, quiet } = scene;
  const directory = workshop.path("logs");
  mkdirSync(directory);
  const task = { program: programs.service, stamps: workshop.makeStamps("logs", 1), count: 0, directory };
  const driver = new Driver(programs.driver, { service: task.program, stamps: task.stamps, count: 1 });
  const ours = new OurSupervisor(programs.daemonsup, task);
  ours.prepare();
  function writeWriter(name: string, stamp: string, lines: number): void {
    const command = `command = ["${task.program}", "${task.stamps}", "0", "${lines * LINE}"]`;
    const rest = `type = "oneshot"\nstart = "manual"\nlog = { stamp = "${stamp}", max_size = "1TiB" }`;
    ours.write(`${name}.toml`, `${command}\n${rest}\n`);
  }
  for (const { stamp } of VARIANTS) {
    writeWriter(`${stamp}-trial`, stamp, TRIAL_LINES);
    for (let round = 0; round < rounds; round++) writeWriter(`${stamp}-${round}`, stamp, LINES);
  }
  await ours.launch(driver);
  for (let round = 0; round < rounds; round++) {
    await quiet.wait();
    const copied = await timeCat(driver, task.program, { stamps: task.stamps, file: join(directory, "cat.out") });
    for (const { figure, stamp } of VARIANTS) {
      book.note(figure, FLOOR, copied);
      await quiet.wait();
      book.note(figure, OURS, await timeOurs(ours, driver, { stamp, round }));
    }
  }
  await ours.end(driver, ours);
  await driver.close();
}

async function timeCat(driver: Driver, service: string, place: { stamps: string; file: string }): Promise<number> {
  const { stamps, file } = place;
  await driver.clear();
  const words = ["/bin/sh", "-c", `${service} ${stamps} 0 ${LINES * LINE} | cat > ${file}`];
  const { began, ended } = await driver.run(words);
  const { first } = await driver.started(began);
  rmSync(file);
  return speedOf({ began: first, ended });
}

async function timeOurs(ours: OurSupervisor, driver: Driver, which: { stamp: string; round: number }): Promise<number> {
  const { stamp, round } = which;
  const trial = join(ours.logDirectory, `${stamp}-trial.log`);
  if (round === 0) await driver.run(ours.client("start", `${stamp}-trial`));
  await driver.fileSize(trial, TRIAL_LINES * LINE);
  // Every line is as long as every other.
  const width = readFileSync(trial, "utf8").indexOf("\n") + 1;
  const file = join(ours.logDirectory, `${stamp}-${round}.log`);
  await driver.clear();
  const { began } = await driver.launch(ours.client("start", `${stamp}-${round}`));
  const { first } = await driver.started(began);
  const ended = await driver.fileSize(file, LINES * width);
  rmSync(file);
  // So that the space is free at once.
  process.kill(ours.pid, "SIGUSR1");
  return speedOf({ began: first, ended });
}

/** MB/s of what the service writes, from its first instruction until all of it is in the file. */
function speedOf({ began, ended }: Span): number {
  return (LINES * LINE) / 1e6 / ((ended - began) / 1e9);
}
