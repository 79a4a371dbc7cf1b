/* A chain of services, each of which requires the one before and is ready as soon as it has executed. */
import { mkdirSync } from "node:fs";
import { FLOOR, OURS } from "./book.ts";
import { serviceName } from "./contender.ts";
import { Driver, millisOf } from "./driver.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import type { Scene } from "./scene.ts";

const LINKS = 100;

export async function measureChain(scene: Scene, rounds: number): Promise<void> {
  const { workshop, programs } = scene;
  const stamps = workshop.makeStamps("chain", LINKS);
  const driver = new Driver(programs.driver, { service: programs.service, stamps, count: LINKS });
  const directory = workshop.path("chain");
  mkdirSync(directory);
  const ours = new OurSupervisor(programs.daemonsup, { program: programs.service, stamps, count: LINKS, directory });
  ours.prepare((index) => (index === 0 ? "" : `requires = ["${serviceName(index - 1)}"]\n`));
  for (let round = 0; round < rounds; round++) await measureOnce(ours, driver, scene);
  await driver.close();
}

async function measureOnce(ours: OurSupervisor, driver: Driver, { book, quiet }: Scene): Promise<void> {
  await quiet.wait();
  const { first, ended } = await driver.fleet();
  book.note("chain", FLOOR, millisOf({ began: first, ended }));
  await driver.endFleet();
  await quiet.wait();
  const running = await ours.start(driver);
  book.note("chain", OURS, millisOf({ began: running.first, ended: running.last }));
  await ours.end(driver, running);
}
