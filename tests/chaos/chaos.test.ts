/*
 * The short form of `bun run chaos`. DAEMONSUP_TEST_KILLS says how many deaths there are to be, DAEMONSUP_TEST_SEED repeats a
 * run as far as chance allows.
 */
import { expect, test } from "bun:test";
import { compileProgram } from "../compile-program.ts";
import { Chance } from "./chance.ts";
import { Trial } from "./trial.ts";

const SEED = Number(process.env["DAEMONSUP_TEST_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const ROUNDS = 10;
const LONGEST_MS = 45_000;
const program = compileProgram("chaos-service");

test.skipIf(program === null)(
  "commands and changes of every kind restart, lose, double and leave nothing that they should not",
  async () => {
    process.stderr.write(`chaos: seed ${SEED}\n`);
    const deaths = { supervisor: 0, guardian: 0, both: 0, quick: 0, starting: 0, upgrade: 0, none: 1 };
    await using trial = new Trial({ chance: new Chance(SEED), program: program ?? "", deaths, args: [] });
    const end = performance.now() + LONGEST_MS;
    let problems = await trial.begin();
    for (let round = 0; round < ROUNDS && problems.length === 0 && performance.now() < end; round++)
      problems = await trial.round();
    if (problems.length === 0) problems = await trial.end();
    if (problems.length > 0) process.stderr.write(`${trial.takeStory().join("\n")}\n`);
    expect(problems).toEqual([]);
  },
  LONGEST_MS + 60_000,
);
