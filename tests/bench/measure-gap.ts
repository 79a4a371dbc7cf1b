/* What others notice of a supervisor that is killed: how long it takes until its successor answers. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FLOOR, type FigureName, OURS } from "./book.ts";
import { SIGNALS, serviceName } from "./contender.ts";
import { Driver, millisOf } from "./driver.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import type { Scene } from "./scene.ts";

const FEW = 10;
/** Who is killed soon after its start is followed a little later. */
const APART_MS = 2_000;
const BETWEEN_LOOKS_MS = 0.5;

interface Fleet {
  readonly count: number;
  readonly answer: FigureName;
  readonly command: FigureName;
}

export async function measureGap(scene: Scene, rounds: number): Promise<void> {
  await measureWith({ count: FEW, answer: "gapFew", command: "gapFewCommand" }, scene, rounds);
  await measureWith({ count: scene.count, answer: "gapMany", command: "gapManyCommand" }, scene, rounds);
}

async function measureWith({ count, answer, command }: Fleet, scene: Scene, rounds: number): Promise<void> {
  const { workshop, programs, book, quiet } = scene;
  const directory = workshop.path(`gap-${count}`);
  mkdirSync(directory);
  const stamps = workshop.makeStamps(`gap-${count}`, count);
  const driver = new Driver(programs.driver, { service: programs.service, stamps, count });
  const ours = new OurSupervisor(programs.daemonsup, { program: programs.service, stamps, count, directory });
  ours.prepare();
  const running = await ours.start(driver);
  const words = ours.client("status", serviceName(0));
  const runtime = ours.runtimeDirectory;
  for (let round = 0; round < rounds; round++) {
    await Bun.sleep(APART_MS);
    await quiet.wait();
    book.note(answer, OURS, await answeredAfter(runtime, await supervisorOf(runtime)));
    await Bun.sleep(APART_MS);
    await quiet.wait();
    book.note(command, FLOOR, millisOf(await driver.run(words)));
    const { began } = await driver.end(await supervisorOf(runtime), SIGNALS.SIGKILL);
    const { ended, status } = await driver.run(words);
    if (status !== 0) throw new Error(`cannot ask a supervisor that is being replaced: status ${status}`);
    book.note(command, OURS, millisOf({ began, ended }));
  }
  await ours.end(driver, running);
  await driver.close();
}

/** Kills it, and returns after how many milliseconds another one has told the state of all services. */
async function answeredAfter(runtime: string, supervisor: number): Promise<number> {
  const began = Bun.nanoseconds();
  process.kill(supervisor, "SIGKILL");
  for (;;) {
    try {
      await askFor(runtime, "/v1/services");
      const ended = Bun.nanoseconds();
      if ((await supervisorOf(runtime)) !== supervisor) return (ended - began) / 1e6;
    } catch {
      // Nobody listens yet.
    }
    await Bun.sleep(BETWEEN_LOOKS_MS);
  }
}

async function supervisorOf(runtime: string): Promise<number> {
  return ((await askFor(runtime, "/v1/version")) as { readonly pid: number }).pid;
}

async function askFor(runtime: string, path: string): Promise<unknown> {
  const unix = join(runtime, "control.sock");
  return await (await fetch(`http://daemonsup${path}`, { unix, keepalive: false })).json();
}
