/*
 * `bun run bench`: measures the supervisor against a floor on this machine. See docs/BENCHMARKS.md for what is measured
 * and how. A few minutes; the machine should have nothing else to do.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBinary } from "../../tools/build-binary.ts";
import { Book } from "./book.ts";
import { describeMachine, loadNow } from "./machine.ts";
import { measureChain } from "./measure-chain.ts";
import { type Rounds, measureFleets } from "./measure-fleets.ts";
import { measureBesideLog } from "./measure-beside-log.ts";
import { measureGap } from "./measure-gap.ts";
import { measureIdleCost } from "./measure-idle-cost.ts";
import { measureLogCrowd } from "./measure-log-crowd.ts";
import { measureLogs } from "./measure-logs.ts";
import { measureRunning } from "./measure-running.ts";
import type { ThreadWork } from "./process-figures.ts";
import { Quiet } from "./quiet.ts";
import { renderReport, writeBetweenMarkers } from "./report.ts";
import type { Scene } from "./scene.ts";
import { Workshop } from "./workshop.ts";

const PROJECT = join(import.meta.dir, "../..");
/** How long a run may wait for the machine to be quiet. */
const PATIENCE_MS = 90_000;
/** It takes a moment, and varies much. */
const CHAIN_ROUNDS = 4;
const LOG_ROUNDS = 3;
/** Each takes eight seconds, almost all of it waiting. */
const GAP_ROUNDS = 5;
/** Of ten commands of each kind in peace, and ten while a service writes. */
const BESIDE_ROUNDS = 5;
/** How much of a log is written in a short run. */
const SHORT_SHARE = 1 / 8;
const DOCUMENT = join(PROJECT, "docs/BENCHMARKS.md");
const USAGE = `usage: bun run bench [options]
  --write         puts the figures into docs/BENCHMARKS.md, in place of those of the same parts
  --only PARTS    of fleets, chain, running, gap, logs; a list with commas
  --binary FILE   measures this binary instead of dist/daemonsup, which is built if need be
  --rounds N      of start, SIGHUP and shutdown (default 5)
  --peers N       rounds in which the peers are measured too (default 2)
  --count N       services (default 1000)
  --short         3 idle seconds instead of 30, and an eighth of the logs
`;

const TITLES = {
  fleets: "Start, SIGHUP and shutdown",
  chain: "A chain of services",
  running: "Restart, memory, idle, commands",
  gap: "The death of the supervisor",
  logs: "Logs",
} as const;
type Part = keyof typeof TITLES;

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    write: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(TITLES).join(",") },
    binary: { type: "string" },
    rounds: { type: "string", default: "5" },
    peers: { type: "string", default: "2" },
    count: { type: "string", default: "1000" },
    short: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const binary = values.binary ?? (await built());
const workshop = new Workshop();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    workshop[Symbol.dispose]();
    process.exit(1);
  });
try {
  const programs = {
    daemonsup: binary,
    service: workshop.compile("bench-service"),
    driver: workshop.compile("bench-driver"),
  };
  for (const part of values.only.split(",").map(partOf)) await measureAndReport(part, programs);
} finally {
  workshop[Symbol.dispose]();
}

async function built(): Promise<string> {
  const result = await buildBinary();
  if (result.tag === "failed") throw new Error(`cannot build "dist/daemonsup":\n${result.output}`);
  return join(PROJECT, "dist/daemonsup");
}

async function measureAndReport(part: Part, programs: Scene["programs"]): Promise<void> {
  const load = loadNow();
  const count = Number(values.count);
  const scene = { workshop, programs, book: new Book(), quiet: new Quiet(PATIENCE_MS), count };
  const idle = await measure(part, scene);
  const report = renderReport({
    title: TITLES[part],
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    load,
    disturbed: scene.quiet.missed,
    count,
    figures: scene.book.figures(),
    idle,
  });
  console.log(`${report}\n`);
  if (values.write) writeBetweenMarkers(DOCUMENT, part, report);
}

async function measure(part: Part, scene: Scene): Promise<readonly ThreadWork[]> {
  const rounds = { ours: Number(values.rounds), peers: Number(values.peers) };
  switch (part) {
    case "fleets":
      await measureFleets(scene, rounds);
      return [];
    case "chain":
      await measureChain(scene, CHAIN_ROUNDS * rounds.ours);
      return [];
    case "running":
      return await measureRunning(scene, values.short);
    case "gap":
      await measureGap(scene, values.short ? 1 : GAP_ROUNDS);
      return [];
    case "logs":
      await measureAllOfLogs(scene, rounds);
      return [];
  }
}

async function measureAllOfLogs(scene: Scene, rounds: Rounds): Promise<void> {
  const share = values.short ? SHORT_SHARE : 1;
  const few = { ours: Math.min(LOG_ROUNDS, rounds.ours), peers: Math.min(LOG_ROUNDS, rounds.peers, rounds.ours) };
  await measureLogs(scene, few, share);
  await measureLogCrowd(scene, few.ours, share);
  await measureBesideLog(scene, values.short ? 1 : BESIDE_ROUNDS);
  await measureIdleCost(scene);
}

function partOf(word: string): Part {
  if (!Object.hasOwn(TITLES, word)) throw new Error(`cannot measure "${word}": want ${Object.keys(TITLES).join(", ")}`);
  return word as Part;
}
