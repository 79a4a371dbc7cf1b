/* One supervisor with all its services: memory, idleness, client commands and restarts. */
import { mkdirSync } from "node:fs";
import { FLOOR, type FigureName, OURS } from "./book.ts";
import { serviceName } from "./contender.ts";
import { Driver, millisOf } from "./driver.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import { type ThreadWork, memoryOf, threadsOf, workBetween } from "./process-figures.ts";
import type { Scene } from "./scene.ts";

/** Longer than the supervisor waits before it tidies up after itself. */
const SETTLED_MS = 8_000;
const IDLE_MS = 30_000;
const RESTARTS = 200;
/** Restarts after nothing has happened for a while. */
const COLD_RESTARTS = 3;
const RESTARTS_AT_ONCE = 10;
const COMMANDS = 20;
/** How many services the floor has while restarts are measured: it restarts one after another. */
const FLOOR_COUNT = 16;

/** Returns what each thread did while idle. */
export async function measureRunning(scene: Scene, isShort: boolean): Promise<readonly ThreadWork[]> {
  const { workshop, programs, count, book } = scene;
  const directory = workshop.path("running");
  mkdirSync(directory);
  const stamps = workshop.makeStamps("running", count);
  const driver = new Driver(programs.driver, { service: programs.service, stamps, count });
  const ours = new OurSupervisor(programs.daemonsup, { program: programs.service, stamps, count, directory });
  ours.prepare();
  const running = await ours.start(driver);

  await Bun.sleep(SETTLED_MS);
  book.note("pss", OURS, memoryOf(ours.processes).pss / 1e6);
  book.note("pssGuardian", OURS, memoryOf([ours.pid]).pss / 1e6);
  await driver.speak();
  await Bun.sleep(SETTLED_MS);
  book.note("pssWritten", OURS, memoryOf(ours.processes).pss / 1e6);
  const idle = await measureIdle(ours.processes, isShort ? IDLE_MS / 10 : IDLE_MS, scene);
  await measureCommands(ours, driver, scene);
  await measureRestarts(driver, scene);
  await measureColdRestarts(driver, scene);
  await Bun.sleep(SETTLED_MS);
  const memory = memoryOf(ours.processes);
  book.note("pssWorked", OURS, memory.pss / 1e6);
  book.note("anonymous", OURS, memory.anonymous / 1e6);
  await ours.end(driver, running);
  await driver.close();
  return idle;
}

async function measureIdle(
  processes: readonly number[],
  span: number,
  { book, quiet }: Scene,
): Promise<readonly ThreadWork[]> {
  await quiet.wait();
  const before = threadsOf(processes);
  await Bun.sleep(span);
  const work = workBetween(before, threadsOf(processes));
  book.note(
    "wakeUps",
    OURS,
    work.reduce((sum, { switches }) => sum + switches, 0),
  );
  book.note(
    "idleCpu",
    OURS,
    work.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  );
  return work;
}

async function measureCommands(ours: OurSupervisor, driver: Driver, scene: Scene): Promise<void> {
  const { book, count, programs, quiet } = scene;
  for (let round = 0; round < COMMANDS; round++) {
    const name = serviceName((round * 7) % count);
    await quiet.wait();
    const commands: readonly (readonly [FigureName, readonly string[]])[] = [
      ["version", ["version"]],
      ["statusAll", ["status", "--json"]],
      ["statusOne", ["status", name]],
      ["stopOne", ["stop", name]],
      ["startOne", ["start", name]],
    ];
    for (const [figure, words] of commands) {
      // Without arguments the service ends at once: what it costs to run a program at all.
      book.note(figure, FLOOR, millisOf(await driver.run([programs.service])));
      const run = await driver.run(ours.client(...words));
      if (run.status !== 0) throw new Error(`cannot run "daemonsup ${words.join(" ")}": status ${run.status}`);
      book.note(figure, OURS, millisOf(run));
    }
  }
}

/** Each service once: only the first restart after a long run comes without delay. */
async function measureRestarts(driver: Driver, scene: Scene): Promise<void> {
  const { workshop, programs, book, count, quiet } = scene;
  const stamps = workshop.makeStamps("floor", FLOOR_COUNT);
  const floor = new Driver(programs.driver, { service: programs.service, stamps, count: FLOOR_COUNT });
  await floor.fleet();
  for (const [round, chosen] of chooseRandomly(count - COLD_RESTARTS, RESTARTS).entries()) {
    if (round % RESTARTS_AT_ONCE === 0) await quiet.wait();
    book.note("restart", FLOOR, millisOf(await floor.restart(round % FLOOR_COUNT)));
    await Bun.sleep(5);
    book.note("restart", OURS, millisOf(await driver.kill(COLD_RESTARTS + chosen)));
    await Bun.sleep(5);
  }
  await floor.endFleet();
  await floor.close();
}

/** The first thing that happens after everything has been at rest: what was tidied away has to come back. */
async function measureColdRestarts(driver: Driver, { book, quiet }: Scene): Promise<void> {
  for (let index = 0; index < COLD_RESTARTS; index++) {
    await Bun.sleep(SETTLED_MS);
    await quiet.wait();
    book.note("restartCold", OURS, millisOf(await driver.kill(index)));
  }
}

/** So many different numbers below `count`. */
function chooseRandomly(count: number, most: number): readonly number[] {
  const numbers = Array.from({ length: count }, (_, index) => ({ index, order: Math.random() }));
  return numbers
    .sort((left, right) => left.order - right.order)
    .slice(0, most)
    .map(({ index }) => index);
}
