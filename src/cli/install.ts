import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, reasonOf } from "../config/read-file.ts";
import { renderProblem } from "../config/problem.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { BOOT_OPTIONS, failureOf, managerAsked, managerHere, refuse, runAll, supervisorMeant } from "./boot-call.ts";
import { type BootPlan, bootPlanOf, crontabWith, MANAGERS } from "./boot-plan.ts";
import { MARK } from "./boot-texts.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { DEFAULT_DIRECTORY, readDefinitions } from "./read-definitions.ts";

export const install: Command = {
  about: `Has a supervisor for the definitions in DIR (default ./${DEFAULT_DIRECTORY}) started with the machine: by a unit of systemd
(Type=notify), a script of OpenRC, or an @reboot line of cron. Run by root it is the machine's, with the directories below
/run, /var/lib and /var/log; run by anybody else it is that user's own.

The definitions are checked before. A file that is there already and is not ours is left alone.`,
  options: {
    ...BOOT_OPTIONS,
    print: { short: null, value: null, help: "only show what would be written and run" },
    now: { short: null, value: null, help: "start it at once, too" },
    ...JSON_OPTION,
  },
  operands: [{ shown: "DIR", kind: "directory", count: "optional" }],
  examples: [
    { line: "daemonsup install --print /etc/services.d", what: "look at it first" },
    { line: "daemonsup install --now /etc/services.d", what: "and start it; as root, for the machine" },
    { line: "daemonsup install --manager cron ~/services.d", what: "your own, without systemd" },
  ],
  exits: { 1: "it could not be installed", 6: "the definitions are wrong" },
  run: installSupervisor,
};

async function installSupervisor(call: CommandCall): Promise<number> {
  const { given, world } = call;
  const displayAs = given.operands[0] ?? DEFAULT_DIRECTORY;
  const meant = supervisorMeant(call, displayAs);
  const asked = managerAsked(call);
  if (meant.tag !== "ok") return refuse(call, meant);
  if (asked.tag !== "ok") return refuse(call, asked);
  const manager = asked.manager ?? managerHere(world.uid === 0);
  if (manager === null)
    return refuse(call, {
      tag: "failed",
      message: `cannot find who starts things here: want --manager ${MANAGERS.join(", ")}`,
    });
  const plan = bootPlanOf(manager, meant.supervisor, meant.places);
  const commands = [...plan.enable, ...(given.has("now") ? plan.startNow : [])];
  if (given.has("print")) {
    world.stdout.write(given.has("json") ? `${JSON.stringify({ ...plan, commands })}\n` : shownPlan(plan, commands));
    return EXIT.done;
  }
  const { problems } = await readDefinitions(displayAs, call);
  if (problems.length > 0) {
    for (const problem of problems) world.stderr.write(`${renderProblem(problem)}\n`);
    world.stderr.write(`cannot install "${displayAs}": it has problems\n`);
    return EXIT.invalidConfiguration;
  }
  const failure = (await writePlan(plan, call)) ?? (await runAll(commands, world));
  if (failure !== null) {
    world.stderr.write(`${failure}\n`);
    return EXIT.failed;
  }
  world.stdout.write(given.has("json") ? `${JSON.stringify({ ...plan, commands })}\n` : toldOf(plan, given.has("now")));
  return EXIT.done;
}

function shownPlan({ file, cronLines, note }: BootPlan, commands: readonly (readonly string[])[]): string {
  return [
    ...(file === null ? ["# to be added with: crontab -e", ...cronLines] : [`# ${file.path}`, file.text.trimEnd()]),
    ...(commands.length === 0 ? [] : ["", "# then run:", ...commands.map((words) => words.join(" "))]),
    ...(note === null ? [] : ["", `# ${note}`]),
    "",
  ].join("\n");
}

/** null, or why it is not written. */
async function writePlan({ file, cronLines }: BootPlan, { world }: CommandCall): Promise<string | null> {
  if (file === null) {
    const listed = await world.run(["crontab", "-l"], "");
    const text = listed.code === 0 ? listed.output : "";
    const written = await world.run(["crontab", "-"], crontabWith(text, cronLines, cronLines[0] ?? ""));
    return written.code === 0 ? null : failureOf(["crontab", "-"], written.output);
  }
  const quoted = JSON.stringify(file.path);
  try {
    if (!isOurs(file.path)) return `cannot write ${quoted}: it is there already, and was not made by daemonsup install`;
    mkdirSync(dirname(file.path), { recursive: true, mode: 0o755 });
    writeFileSync(file.path, file.text, { mode: file.mode });
    return null;
  } catch (error) {
    return `cannot write ${quoted}: ${reasonOf(errnoOf(error))}`;
  }
}

/** true: it was made by us, or is not there. */
function isOurs(path: string): boolean {
  try {
    return readFileSync(path, "utf8").includes(MARK);
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

function toldOf({ manager, called, file, startNow, note }: BootPlan, isStarted: boolean): string {
  const lines = [
    `${called}: ${isStarted ? "started, and " : ""}started with the machine by ${manager}${file === null ? "" : ` (${file.path})`}`,
    ...(isStarted ? [] : [`to start it now: ${startNow.map((words) => words.join(" ")).join(" && ")}`]),
    ...(note === null ? [] : [note]),
  ];
  return `${lines.join("\n")}\n`;
}
