import { resolve } from "node:path";
import { EXIT } from "../core/exit-statuses.ts";
import type { Directories } from "../core/paths.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { examineMachine } from "./examine-machine.ts";
import { examinePlaces } from "./examine-places.ts";
import { examineSupervisor } from "./examine-supervisor.ts";
import { PLACE_OPTIONS, placesOf } from "./find-supervisor.ts";
import { type Finding, FINDING_LEVELS, fine } from "./finding.ts";
import { readDefinitions } from "./read-definitions.ts";
import { lookOf } from "./render-paint.ts";
import { countOf } from "./render-words.ts";
import { wrapText } from "./wrap-text.ts";

export const doctor: Command = {
  about: `Looks at the surroundings of a supervisor: kernel, limits, clock, syslog, directories and the room in them, the
supervisor itself and its definitions. Of each it says what it means, and how to mend what is not right. Changes nothing.`,
  options: {
    "state-dir": { short: null, value: "DIR", help: "look at this one, and not at that of the supervisor" },
    "log-dir": { short: null, value: "DIR", help: "look at this one, and not at that of the supervisor" },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [],
  examples: [{ line: "daemonsup doctor", what: "when something is strange, or before the first start" }],
  exits: { 0: "nothing that hurts now", 1: "there is a problem" },
  run: examine,
};

/** No machine on which this program runs has an earlier clock: the day when its first version was made. */
const BUILT = Date.UTC(2026, 10, 22);

async function examine(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const supervisor = await examineSupervisor(place, world);
  const services = supervisor.services?.map(({ name }) => name) ?? null;
  const findings = [
    ...examineMachine({ root: "/", uid: world.uid, now: world.now(), built: BUILT }),
    ...examinePlaces({
      directories: directoriesOf(call, supervisor.directories),
      uid: world.uid,
      services,
      now: world.now(),
    }),
    ...supervisor.findings,
    ...(supervisor.config === null ? [] : [await definitions(supervisor.config, call)]),
  ];
  const worst = Math.max(...findings.map(({ level }) => FINDING_LEVELS.indexOf(level)));
  world.stdout.write(given.has("json") ? `${JSON.stringify(findings)}\n` : render(findings, call));
  return FINDING_LEVELS[worst] === "problem" ? EXIT.failed : EXIT.done;
}

/** Those that are named, else those of the supervisor that runs, else those that one would have. */
function directoriesOf({ given, world }: CommandCall, running: Directories | null): Directories {
  const [stateDir, logDir] = [given.valueOf("state-dir"), given.valueOf("log-dir")];
  const wishes = { name: given.valueOf("name"), runtimeDir: given.valueOf("runtime-dir"), stateDir, logDir };
  const meant = placesOf(wishes, world);
  if (running === null) return meant;
  const { runtime, state, log } = running;
  return { runtime, state: stateDir === null ? state : meant.state, log: logDir === null ? log : meant.log };
}

async function definitions(config: string, call: CommandCall): Promise<Finding> {
  const { problems, result } = await readDefinitions(resolve(config), call);
  if (problems.length === 0) return fine("definitions", result.tag === "rejected" ? config : `${config}: no problems`);
  const found = `${config}: ${countOf(problems.length, "problem")}; a reload or the next start would tell`;
  return { about: "definitions", level: "problem", found, mend: `daemonsup check ${config}` };
}

/** SGR codes of ECMA-48. */
const COLOURS = { ok: "32", note: "36", warning: "33", problem: "1;31" } as const;

function render(findings: readonly Finding[], { world }: CommandCall): string {
  const look = lookOf(world);
  const about = Math.max(...findings.map((finding) => finding.about.length));
  const level = Math.max(...FINDING_LEVELS.map((each) => each.length));
  const screen = look.width ?? 120;
  const isBeside = screen - level - about - 4 >= LEAST_BESIDE;
  const indent = " ".repeat(isBeside ? level + about + 4 : 4);
  const lines = findings.flatMap((finding) => {
    const mark = finding.level.padEnd(level);
    const painted = look.isColoured ? `\u001b[${COLOURS[finding.level]}m${mark}\u001b[0m` : mark;
    const mend = finding.mend === null ? [] : wrapText(`-> ${finding.mend}`, screen - indent.length);
    const text = [...wrapText(finding.found, screen - indent.length), ...mend];
    const head = `${painted}  ${finding.about.padEnd(about)}`;
    const [first = "", ...rest] = isBeside ? text : ["", ...text];
    return [`${head}  ${first}`.trimEnd(), ...rest.map((line) => indent + line)];
  });
  const bad = findings.filter(({ level: each }) => each === "problem" || each === "warning").length;
  const last = bad === 0 ? "nothing to worry about" : `${countOf(bad, "thing")} to look at`;
  return `${[...lines, "", last].join("\n")}\n`;
}

/** Text in less room than this, in cells, stands below what it is about. */
const LEAST_BESIDE = 32;
