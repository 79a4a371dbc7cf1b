/*
 * The short form of `bun run chaos`. DAEMONSUP_TEST_KILLS says how many deaths there are to be, DAEMONSUP_TEST_SEED repeats a
 * run as far as chance allows.
 */
import { test } from "bun:test";
import { compileProgram } from "../compile-program.ts";
import { Chance } from "./chance.ts";
import { DEATHS } from "./reaper.ts";
import { Trial } from "./trial.ts";

const SEED = Number(process.env["DAEMONSUP_TEST_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const KILLS = Number(process.env["DAEMONSUP_TEST_KILLS"] ?? 100);
const LONGEST_MS = 45_000;
const program = compileProgram("chaos-service");

test.skipIf(program === null)(
  `${KILLS} deaths restart, lose, double, forget and leave nothing that they should not`,
  async () => {
    process.stderr.write(`chaos: seed ${SEED}\n`);
    const chance = new Chance(SEED);
    await using trial = new Trial({ chance, program: program ?? "", deaths: DEATHS, args: [] });
    const end = performance.now() + LONGEST_MS;
    let problems = await trial.begin();
    while (problems.length === 0 && trial.reaper.total < KILLS && performance.now() < end)
      problems = await trial.round();
    if (performance.now() >= end)
      process.stderr.write(`chaos: this machine is slow, ${trial.reaper.total} deaths have to do\n`);
    if (problems.length === 0) problems = await trial.end();
    if (problems.length === 0) return;
    process.stderr.write(`${trial.story.take().join("\n")}\n`);
    // What is wrong comes first, as a long report is cut.
    throw new Error(`${problems.join("\n")}\n(after ${trial.reaper.total} deaths, seed ${SEED})`);
  },
  LONGEST_MS + 60_000,
);
