/* Many services that begin to write at the same moment: how fast they are together, and whether each has its share. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FLOOR, OURS } from "./book.ts";
import { serviceName } from "./contender.ts";
import { Driver, type Stamp } from "./driver.ts";
import { type LogJob, speedOf } from "./log-job.ts";
import { writerDefinition } from "./log-ours.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import type { Scene } from "./scene.ts";

const SERVICES = 200;
const MEBIBYTES = 2;
const LINE = 100;

/** `share`: how much of the usual size is written. */
export async function measureLogCrowd(scene: Scene, rounds: number, share: number): Promise<void> {
  const { workshop, programs, quiet } = scene;
  const directory = workshop.path("crowd");
  mkdirSync(directory);
  const stamps = workshop.makeStamps("crowd", SERVICES);
  const bytes = Math.floor((MEBIBYTES * 2 ** 20 * share) / LINE) * LINE;
  const task = { program: programs.service, stamps, count: 0, directory };
  const driver = new Driver(programs.driver, { service: task.program, stamps, count: SERVICES });
  const ours = new OurSupervisor(programs.daemonsup, task);
  ours.prepare();
  const jobs = Array.from({ length: SERVICES }, (_, index): LogJob => {
    const writer = [task.program, stamps, String(index), String(bytes), "65536", "wait"];
    return { writer, bytes, isStamped: true, chunk: 65536, name: serviceName(index) };
  });
  for (let round = 0; round < rounds; round++)
    for (const job of jobs) ours.write(`r${round}-${job.name}.toml`, writerDefinition(job));
  await ours.launch(driver);
  for (let round = 0; round < rounds; round++) {
    await quiet.wait();
    await driver.clear();
    const cats = jobs.map(({ writer, name }) => ({ writer, file: join(directory, `${name}.out`) }));
    for (const { writer, file } of cats) await driver.launch(["/bin/sh", "-c", `${writer.join(" ")} | cat > ${file}`]);
    const floorFiles = cats.map(({ file }) => file);
    await release(FLOOR, { files: floorFiles, bytes }, { scene, driver });
    for (const file of floorFiles) rmSync(file);

    await quiet.wait();
    await driver.clear();
    await driver.launch(ours.client("start", "--no-wait", `r${round}-*`));
    const files = jobs.map(({ name }) => join(ours.logDirectory, `r${round}-${name}.log`));
    await release(OURS, { files, bytes }, { scene, driver });
    for (const file of files) rmSync(file);
    process.kill(ours.pid, "SIGUSR1");
  }
  await ours.end(driver, ours);
  await driver.close();
}

/** Waits until all are there, lets them begin, and waits until everything is in the files. */
async function release(
  contender: string,
  { files, bytes }: { readonly files: readonly string[]; readonly bytes: number },
  { scene, driver }: { readonly scene: Scene; readonly driver: Driver },
): Promise<void> {
  await driver.started(0);
  const began = await driver.speak();
  const { first, last } = await driver.ends(began);
  let ended: Stamp = last;
  for (const file of files) ended = Math.max(last, await driver.lastLine(file));
  scene.book.note("crowd", contender, speedOf(bytes * files.length, { began, ended }));
  scene.book.note("crowdFirst", contender, (100 * (first - began)) / (last - began));
}
