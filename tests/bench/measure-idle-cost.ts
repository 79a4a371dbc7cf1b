/* What one more idle service costs the supervisor: its memory with many of them less that with one. */
import { mkdirSync } from "node:fs";
import { OURS } from "./book.ts";
import { Driver } from "./driver.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import { memoryOf } from "./process-figures.ts";
import type { Scene } from "./scene.ts";

/** Longer than the supervisor waits before it tidies up after itself. */
const SETTLED_MS = 8_000;

export async function measureIdleCost(scene: Scene): Promise<void> {
  const { book, count } = scene;
  const one = await memoryWith(1, scene);
  const many = await memoryWith(count, scene);
  book.note("idleCost", OURS, (many.idle - one.idle) / (count - 1) / 1000);
  book.note("idleCostWritten", OURS, (many.written - one.written) / (count - 1) / 1000);
}

async function memoryWith(count: number, scene: Scene): Promise<{ readonly idle: number; readonly written: number }> {
  const { workshop, programs } = scene;
  const directory = workshop.path(`cost-${count}`);
  mkdirSync(directory);
  const stamps = workshop.makeStamps(`cost-${count}`, count);
  const driver = new Driver(programs.driver, { service: programs.service, stamps, count });
  const ours = new OurSupervisor(programs.daemonsup, { program: programs.service, stamps, count, directory });
  ours.prepare();
  const running = await ours.start(driver);
  await Bun.sleep(SETTLED_MS);
  const idle = memoryOf(ours.processes).pss;
  await driver.speak();
  await Bun.sleep(SETTLED_MS);
  const written = memoryOf(ours.processes).pss;
  await ours.end(driver, running);
  await driver.close();
  return { idle, written };
}
