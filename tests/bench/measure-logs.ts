/* How fast the output of one service reaches its file, in large and in small writes, with and without time stamps. */
import { mkdirSync } from "node:fs";
import type { FigureName } from "./book.ts";
import { Driver } from "./driver.ts";
import { type LogContender, type LogJob, cpuOf, speedOf } from "./log-job.ts";
import { OurLogger } from "./log-ours.ts";
import { floorLogger, pipeLoggers } from "./log-pipes.ts";
import { supervisordLogger } from "./log-supervisord.ts";
import type { Rounds } from "./measure-fleets.ts";
import type { Scene } from "./scene.ts";

interface Variant {
  readonly figure: FigureName;
  readonly cpu: FigureName;
  readonly chunk: number;
  readonly isStamped: boolean;
  readonly mebibytes: number;
}

const VARIANTS: readonly Variant[] = [
  { figure: "logPlain", cpu: "logPlainCpu", chunk: 65536, isStamped: false, mebibytes: 1024 },
  { figure: "logStamped", cpu: "logStampedCpu", chunk: 65536, isStamped: true, mebibytes: 1024 },
  { figure: "linePlain", cpu: "linePlainCpu", chunk: 100, isStamped: false, mebibytes: 256 },
  { figure: "lineStamped", cpu: "lineStampedCpu", chunk: 100, isStamped: true, mebibytes: 256 },
];
/** Peers write a part of it: some are slow. */
const PEER_SHARE = 1 / 4;
const LINE = 100;

/** `share`: how much of the usual sizes is written. */
export async function measureLogs(scene: Scene, rounds: Rounds, share: number): Promise<void> {
  const { workshop, programs } = scene;
  const directory = workshop.path("logs");
  mkdirSync(directory);
  const task = { program: programs.service, stamps: workshop.makeStamps("logs", 1), count: 1, directory };
  const driver = new Driver(programs.driver, { service: task.program, stamps: task.stamps, count: 1 });
  function jobOf(variant: Variant, round: number, part: number): LogJob {
    const { chunk, isStamped, mebibytes } = variant;
    const bytes = Math.floor((mebibytes * 2 ** 20 * share * part) / LINE) * LINE;
    const writer = [task.program, task.stamps, "0", String(bytes), String(chunk)];
    return { isStamped, bytes, chunk, writer, name: `${variant.figure}-${round}` };
  }
  const floor = floorLogger(directory);
  const ours = new OurLogger(programs.daemonsup, task);
  const supervisord = rounds.peers === 0 ? null : supervisordLogger(directory);
  const peers = rounds.peers === 0 ? [] : [...pipeLoggers(directory), ...(supervisord === null ? [] : [supervisord])];
  const jobsOf = (part: number): readonly LogJob[] =>
    VARIANTS.flatMap((variant) => Array.from({ length: rounds.ours }, (_, round) => jobOf(variant, round, part)));
  for (const contender of [ours, ...peers])
    await contender.prepare(jobsOf(contender === ours ? 1 : PEER_SHARE), driver);
  for (let round = 0; round < rounds.ours; round++) {
    for (const variant of VARIANTS) {
      await measureOne(floor, { variant, job: jobOf(variant, round, 1) }, { scene, driver });
      await measureOne(ours, { variant, job: jobOf(variant, round, 1) }, { scene, driver });
      for (const peer of round < rounds.peers ? peers : [])
        if (peer.canStamp || !variant.isStamped)
          await measureOne(peer, { variant, job: jobOf(variant, round, PEER_SHARE) }, { scene, driver });
    }
  }
  for (const contender of [ours, ...peers]) await contender.end(driver);
  await driver.close();
}

async function measureOne(
  contender: LogContender,
  { variant, job }: { readonly variant: Variant; readonly job: LogJob },
  { scene, driver }: { readonly scene: Scene; readonly driver: Driver },
): Promise<void> {
  await scene.quiet.wait();
  const work = await contender.write(job, driver);
  scene.book.note(variant.figure, contender.name, speedOf(job.bytes, work));
  scene.book.note(variant.cpu, contender.name, cpuOf(job.bytes, work));
}
