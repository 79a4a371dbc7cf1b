/*
 * `bun run chaos`: kills daemonsup again and again under services of every kind, and looks after each round whether anything
 * was lost, doubled, restarted or left over. Ends with status 1 at the first thing that is wrong, and says how it came to it.
 */
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBinary } from "../../tools/build-binary.ts";
import { compileProgram } from "../compile-program.ts";
import { Chance } from "./chance.ts";
import { DEATHS, type Death } from "./reaper.ts";
import { Trial } from "./trial.ts";

const USAGE = `usage: bun run chaos [options]
  --kills N        until so many SIGKILLs have reached guardians and supervisors (default 1000)
  --seed N         repeats a run, as far as the machine lets it
  --deaths LIST    only these, with commas: ${Object.keys(DEATHS).join(", ")}
  --no-guardian    without a guardian: whoever is killed is started again by hand
  --rounds N       after so many rounds in one place, goes on in another (default 50)
  --story          tells all that happens
`;

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
    deaths: { type: "string", default: Object.keys(DEATHS).join(",") },
    "no-guardian": { type: "boolean", default: false },
    rounds: { type: "string", default: "50" },
    story: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const built = await buildBinary();
if (built.tag === "failed") throw new Error(`cannot build "dist/daemonsup":\n${built.output}`);
const program = compileProgram("chaos-service");
if (program === null) throw new Error('cannot compile the services: there is no "cc"');
console.log(`seed ${values.seed}`);
const chance = new Chance(Number(values.seed));
const wanted = values.deaths.split(",");
const deaths = Object.fromEntries(
  Object.entries(DEATHS).map(([death, weight]) => [death, wanted.includes(death) ? weight : 0]),
) as Record<Death, number>;
let [kills, isWell] = [0, true];
let running: Trial | null = null;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => void (running?.[Symbol.asyncDispose]() ?? Promise.resolve()).then(() => process.exit(1)));
while (isWell && kills < Number(values.kills)) {
  await using trial = new Trial({ chance, program, deaths, args: values["no-guardian"] ? ["--no-guardian"] : [] });
  running = trial;
  const began = performance.now();
  let problems = await trial.begin().catch((error: unknown) => [String(error)]);
  for (let round = Number(values.rounds); round > 0 && problems.length === 0; round--) {
    if (kills + trial.reaper.total >= Number(values.kills)) break;
    problems = await trial.round().catch((error: unknown) => [String(error)]);
    if (values.story) console.log(trial.story.take().join("\n"));
  }
  if (problems.length === 0) problems = await trial.end().catch((error: unknown) => [String(error)]);
  kills += trial.reaper.total;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${kills} kills; ${seconds} s: ${JSON.stringify(trial.reaper.kills)} ${JSON.stringify({ ...trial.tally, ...trial.found })}`,
  );
  if (problems.length === 0) continue;
  isWell = false;
  const kept = mkdtempSync(join(tmpdir(), "chaos-"));
  trial.reaper.killAll();
  for (const name of ["log", "books", "run", "services.d"])
    cpSync(trial.place.path(name), join(kept, name), {
      recursive: true,
      filter: (path) => !path.includes("/run/notify") && !path.endsWith(".sock") && !path.includes("/run/pipes"),
    });
  console.log(
    `${trial.story.take().join("\n")}\nseed ${values.seed}; what is left lies in ${kept}\n${problems.join("\n")}`,
  );
}
process.exit(isWell ? 0 : 1);
