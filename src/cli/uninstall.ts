import { existsSync, readFileSync, unlinkSync } from "node:fs";
import { errnoOf, reasonOf } from "../config/read-file.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { BOOT_OPTIONS, failureOf, managerAsked, refuse, runAll, supervisorMeant } from "./boot-call.ts";
import { type BootPlan, bootPlanOf, crontabWith, MANAGERS } from "./boot-plan.ts";
import { MARK } from "./boot-texts.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";

export const uninstall: Command = {
  about: `Takes away what "daemonsup install" has made, so that the supervisor is no longer started with the machine. One that
runs goes on; definitions, state and logs stay.`,
  options: {
    ...BOOT_OPTIONS,
    print: { short: null, value: null, help: "only show what would be taken away" },
    ...JSON_OPTION,
  },
  operands: [],
  examples: [
    { line: "daemonsup uninstall", what: "your own, or as root the machine's" },
    { line: "daemonsup uninstall --print", what: "look at it first" },
    { line: "daemonsup uninstall && daemonsup shutdown", what: "and end it now" },
  ],
  exits: { 0: "nothing of it is left", 1: "it could not be taken away" },
  run: uninstallSupervisor,
};

async function uninstallSupervisor(call: CommandCall): Promise<number> {
  const { given, world } = call;
  const meant = supervisorMeant(call, ".");
  const asked = managerAsked(call);
  if (meant.tag !== "ok") return refuse(call, meant);
  if (asked.tag !== "ok") return refuse(call, asked);
  const removed: string[] = [];
  // Whoever starts things here today may not be the one for whom it was installed.
  for (const manager of asked.manager === null ? MANAGERS : [asked.manager]) {
    if (manager === "openrc" && world.uid !== 0) continue;
    const result = await takeAway(bootPlanOf(manager, meant.supervisor, meant.places), call);
    if (result.tag === "failed") return refuse(call, result);
    if (result.removed !== null) removed.push(result.removed);
  }
  if (given.has("json")) world.stdout.write(`${JSON.stringify({ removed })}\n`);
  else
    world.stdout.write(
      removed.length === 0
        ? "nothing was installed\n"
        : removed.map((path) => `${given.has("print") ? "would remove" : "removed"} ${path}\n`).join(""),
    );
  return EXIT.done;
}

type TakenAway =
  { readonly tag: "ok"; readonly removed: string | null } | { readonly tag: "failed"; readonly message: string };

async function takeAway(plan: BootPlan, { given, world }: CommandCall): Promise<TakenAway> {
  const isPrint = given.has("print");
  if (plan.file === null) return await takeFromCrontab(plan, { isPrint, world });
  const { path } = plan.file;
  try {
    if (!existsSync(path)) return { tag: "ok", removed: null };
    if (!readFileSync(path, "utf8").includes(MARK))
      return { tag: "failed", message: `cannot remove ${JSON.stringify(path)}: it was not made by daemonsup install` };
    if (isPrint) return { tag: "ok", removed: path };
    const failure = await runAll(plan.disable, world);
    if (failure !== null) return { tag: "failed", message: failure };
    unlinkSync(path);
  } catch (error) {
    return { tag: "failed", message: `cannot remove ${JSON.stringify(path)}: ${reasonOf(errnoOf(error))}` };
  }
  const failure = await runAll(plan.afterwards, world);
  return failure === null ? { tag: "ok", removed: path } : { tag: "failed", message: failure };
}

async function takeFromCrontab(
  { cronLines }: BootPlan,
  { isPrint, world }: { readonly isPrint: boolean; readonly world: CommandCall["world"] },
): Promise<TakenAway> {
  const mark = cronLines[0] ?? "";
  const listed = await world.run(["crontab", "-l"], "");
  if (listed.code !== 0 || !listed.output.split("\n").includes(mark)) return { tag: "ok", removed: null };
  if (isPrint) return { tag: "ok", removed: CRONTAB_LINE };
  const written = await world.run(["crontab", "-"], crontabWith(listed.output, [], mark));
  if (written.code !== 0) return { tag: "failed", message: failureOf(["crontab", "-"], written.output) };
  return { tag: "ok", removed: CRONTAB_LINE };
}

const CRONTAB_LINE = "@reboot line of the crontab";
