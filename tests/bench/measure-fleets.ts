/* Start, SIGHUP and shutdown of all services, floor and supervisors in turn, so that a machine that drifts cancels out. */
import { mkdirSync } from "node:fs";
import { FLOOR, OURS } from "./book.ts";
import type { Contender, Running, Task } from "./contender.ts";
import { Driver, millisOf } from "./driver.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import { PEER_KINDS } from "./peers.ts";
import { memoryOf, treeOf } from "./process-figures.ts";
import type { Scene } from "./scene.ts";

/** Some of them wait a second before each restart. */
const PEER_RESTARTS = 5;
/** Supervisors that have just started a service wait before they start it again. */
const SETTLED_MS = 1_500;

export interface Rounds {
  readonly ours: number;
  /** Not more than ours. */
  readonly peers: number;
}

export async function measureFleets(scene: Scene, rounds: Rounds): Promise<void> {
  const { workshop, programs, count } = scene;
  const stamps = workshop.makeStamps("fleet", count);
  const driver = new Driver(programs.driver, { service: programs.service, stamps, count });
  function taskFor(name: string): Task {
    const directory = workshop.path(name);
    mkdirSync(directory);
    return { program: programs.service, stamps, count, directory };
  }
  const ours = new OurSupervisor(programs.daemonsup, taskFor("fleet"));
  const peers = rounds.peers === 0 ? [] : PEER_KINDS.filter(isInstalled).map((kind) => kind.make(taskFor(kind.name)));
  for (const contender of [ours, ...peers]) contender.prepare();
  for (let round = 0; round < rounds.ours; round++) {
    console.error(`round ${round + 1} of ${rounds.ours}`);
    await measureFloor(driver, scene);
    await measureOurs(ours, driver, scene);
    for (const peer of round < rounds.peers ? peers : []) await measurePeer(peer, driver, scene);
  }
  await driver.close();
}

function isInstalled({ name, program }: { readonly name: string; readonly program: string }): boolean {
  const isThere = Bun.which(program) !== null;
  if (!isThere) console.error(`SKIPPED: ${name}, because there is no "${program}" here`);
  return isThere;
}

async function measureFloor(driver: Driver, { book, quiet }: Scene): Promise<void> {
  await quiet.wait();
  const fleet = await driver.fleet();
  book.note("start", FLOOR, millisOf(fleet));
  book.note("startInside", FLOOR, millisOf({ began: fleet.first, ended: fleet.ended }));
  await quiet.wait();
  book.note("hangup", FLOOR, millisOf(await driver.hangupFleet()));
  await quiet.wait();
  book.note("end", FLOOR, millisOf(await driver.endFleet()));
}

async function measureOurs(ours: OurSupervisor, driver: Driver, { book, quiet }: Scene): Promise<void> {
  await quiet.wait();
  const running = await ours.start(driver);
  noteStart(OURS, running, book);
  await Bun.sleep(SETTLED_MS);
  await quiet.wait();
  book.note("hangup", OURS, millisOf(await driver.hangup(running.pid)));
  await quiet.wait();
  book.note("end", OURS, await ours.end(driver, running));
}

async function measurePeer(peer: Contender, driver: Driver, scene: Scene): Promise<void> {
  const { book, programs, quiet } = scene;
  await quiet.wait();
  const running = await peer.start(driver);
  noteStart(peer.name, running, book);
  await Bun.sleep(SETTLED_MS);
  const processes = treeOf(running.pid, (commandLine) => !commandLine.startsWith(programs.service));
  book.note("pss", peer.name, memoryOf(processes).pss / 1e6);
  for (let index = 0; index < PEER_RESTARTS; index++)
    book.note("restart", peer.name, millisOf(await driver.kill(index)));
  const took = await peer.end(driver, running);
  if (took !== null) book.note("end", peer.name, took);
  await scene.workshop.emptyBut(driver.pid);
}

function noteStart(contender: string, { began, first, last }: Running, book: Scene["book"]): void {
  book.note("start", contender, millisOf({ began, ended: last }));
  book.note("startInside", contender, millisOf({ began: first, ended: last }));
}
