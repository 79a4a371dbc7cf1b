/*
 * The supervisor is killed at random moments while its services start, crash and stop, and is started again each time. Every
 * service holds a lock as long as a process of it lives, so that a second instance beside what is left of the first
 * shows at once. DAEMONSUP_TEST_KILLS says how often, DAEMONSUP_TEST_SEED repeats a run as far as chance allows.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { onlyInstance } from "./definitions.ts";
import { variableOf } from "./proc.ts";
import { TestPlace, type TestSupervisor } from "./test-supervisor.ts";

const KILLS = Number(process.env["DAEMONSUP_TEST_KILLS"] ?? 200);
const SEED = Number(process.env["DAEMONSUP_TEST_SEED"] ?? crypto.getRandomValues(new Uint16Array(1))[0]);
/** A start takes a good part of this, so that about as many kills hit it as hit what comes after. */
const USUAL_LIFE_MS = 250;
/** By this it grows with each life that was over before the supervisor answered, as on a busy machine, and shrinks with others. */
const GROWTH = 1.15;
const LONGEST_TEST_MS = 50_000;
const VERBS = ["start", "stop", "restart", "restart", "start"] as const;

const CRASHING = '[restart]\ndelay = "0ms"\nmax_delay = "40ms"\n';
const SOON = '[stop]\ntimeout = "100ms"\n';

function servicesOf(place: TestPlace): Readonly<Record<string, string>> {
  const define = (name: string, script: string, more = ""): string =>
    onlyInstance({ lock: place.path(`${name}.lock`), violations: place.path("violations") }, script, more);
  const steady = Array.from({ length: 6 }, (_, index) => [
    `steady-${index}`,
    define(`steady-${index}`, "exec sleep 1000"),
  ]);
  const pidFile = place.path("forking.pid");
  return {
    ...(Object.fromEntries(steady) as Record<string, string>),
    crashing: define("crashing", "sleep 0.01; exit 1", CRASHING),
    "crashing-at-once": define("crashing-at-once", "kill -KILL $$", CRASHING),
    family: define("family", "(setsid sleep 1000 &); sleep 1000 & exec sleep 1000"),
    "dying-family": define("dying-family", "(setsid sleep 1000 &); sleep 0.02; exit 1", CRASHING),
    stubborn: define("stubborn", "trap '' TERM; exec sleep 1000", SOON),
    oneshot: define("oneshot", "sleep 0.05", 'type = "oneshot"'),
    forking: define(
      "forking",
      `setsid sh -c 'echo $$ > "${pidFile}"; exec sleep 1000' & exit 0`,
      `type = "forking"\npid_file = "${pidFile}"`,
    ),
    commanded: define("commanded", "exec sleep 1000", '[stop]\ncommand = ["sh", "-c", "sleep 0.02; kill $MAINPID"]'),
  };
}

/** Numbers from 0 to 1 that depend on the seed alone (Park and Miller). */
function chanceOf(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Asks for this and that until the supervisor is gone; returns whether it has ever answered. */
async function pester(
  place: TestPlace,
  services: readonly string[],
  life: { chance(): number; isOver: boolean },
): Promise<boolean> {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(life.chance() * items.length)] as Item;
  let hasAnswered = false;
  while (!life.isOver) {
    const path = `/v1/services/${pick(services)}/${pick(VERBS)}`;
    try {
      const unix = `${place.runtime}/control.sock`;
      await (await fetch(`http://daemonsup${path}`, { unix, method: "POST", body: '{"wait":false}' })).text();
      hasAnswered = true;
    } catch {
      // It does not listen yet, or has been killed.
      await Bun.sleep(1);
    }
  }
  return hasAnswered;
}

/** Returns whether the supervisor came so far that it answered. */
async function liveAndDie(
  place: TestPlace,
  services: readonly string[],
  { chance, longest }: { chance(): number; longest: number },
): Promise<boolean> {
  const child = Bun.spawn([...place.startWords({ foreground: true, args: ["--no-guardian"] })], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const life = { chance, isOver: false };
  const pestering = pester(place, services, life);
  // The one place where time has to pass: the moment of death is what is random here.
  await Bun.sleep(chance() * longest);
  child.kill("SIGKILL");
  await child.exited;
  life.isOver = true;
  return await pestering;
}

/** Waits until no service is on its way from one state to another. */
async function untilCalm(supervisor: TestSupervisor, services: readonly string[]): Promise<void> {
  for (const service of services) {
    if (service.includes("crashing") || service.includes("dying"))
      expect((await supervisor.command("stop", service)).code).toBe(0);
    await supervisor.until(service, ({ state }) => ["up", "done", "down"].includes(state));
  }
}

test(
  `${KILLS} deaths of the supervisor leave no service running twice and no process unknown`,
  async () => {
    using place = new TestPlace({});
    const definitions = servicesOf(place);
    const services = Object.keys(definitions);
    for (const [name, text] of Object.entries(definitions)) place.write(`${name}.toml`, text);
    process.stderr.write(`never twice: seed ${SEED}\n`);
    const chance = chanceOf(SEED);
    let longest = USUAL_LIFE_MS;
    const end = performance.now() + LONGEST_TEST_MS;
    for (let kill = 0; kill < KILLS && !existsSync(place.path("violations")); kill++) {
      const hasAnswered = await liveAndDie(place, services, { chance, longest });
      longest = Math.max(USUAL_LIFE_MS, hasAnswered ? longest / GROWTH : longest * GROWTH);
      if (performance.now() < end) continue;
      process.stderr.write(`never twice: this machine is slow, ${kill + 1} deaths have to do\n`);
      break;
    }
    expect(existsSync(place.path("violations")) ? place.read("violations") : "").toBe("");

    await using supervisor = await place.start();
    await untilCalm(supervisor, services);
    const runs = new Map<string, string>();
    for (const { name, pid } of await supervisor.services())
      if (pid !== null) runs.set(variableOf(pid, "INVOCATION_ID") ?? `none of ${name}`, name);
    const unknown = place.marked().filter((pid) => !runs.has(variableOf(pid, "INVOCATION_ID") ?? ""));
    expect(unknown.map((pid) => `${pid}: ${readFileSync(`/proc/${pid}/cmdline`, "utf8")}`)).toEqual([]);
    expect(place.read("log", "daemonsup.log")).toContain("of a supervisor that died, ");
  },
  LONGEST_TEST_MS + 40_000,
);
