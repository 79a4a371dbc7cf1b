/* What install and uninstall have in common: which supervisor, which manager, and doing what a plan says. */
import { hintOf } from "../core/nearest.ts";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { EXIT } from "../core/exit-statuses.ts";
import { type BootPlaces, bootPlacesOf, type Manager, MANAGERS } from "./boot-plan.ts";
import type { BootedSupervisor } from "./boot-texts.ts";
import type { CommandCall } from "./command.ts";
import { placesOf } from "./find-supervisor.ts";
import type { OptionTable } from "./parse-arguments.ts";
import { instanceNameProblem } from "./start-options.ts";
import type { CliWorld } from "./world.ts";

export const BOOT_OPTIONS = {
  name: { short: null, value: "NAME", help: "the name of this supervisor, for more than one" },
  manager: { short: null, value: "MANAGER", help: "systemd, openrc or cron (default: what this machine has)" },
} as const satisfies OptionTable;

export interface Refused {
  readonly tag: "usage" | "failed";
  /** A whole sentence of our grammar. */
  readonly message: string;
}

export interface Meant {
  readonly tag: "ok";
  readonly supervisor: BootedSupervisor;
  readonly places: BootPlaces;
}

/** Which supervisor is meant. `config` is as it was written. */
export function supervisorMeant({ given, world }: CommandCall, config: string): Meant | Refused {
  const name = given.valueOf("name");
  const problem = name === null ? null : instanceNameProblem(name);
  if (problem !== null) return { tag: "usage", message: problem };
  // What starts with the machine has none of the variables of this shell.
  const env = { ...world.env, DAEMONSUP_RUNTIME_DIR: undefined };
  const { runtime } = placesOf(
    { name, runtimeDir: null, stateDir: null, logDir: null },
    { env, cwd: world.cwd, uid: world.uid, host: world.host, home: world.home },
  );
  const isRoot = world.uid === 0;
  const stateHome = isRoot ? "" : (world.env["XDG_STATE_HOME"] ?? "");
  const supervisor = {
    program: world.program,
    config: resolve(world.cwd, config),
    name,
    stateHome: stateHome === "" ? null : stateHome,
    user: world.userName,
    isRoot,
    runtime,
  };
  const configHome = world.env["XDG_CONFIG_HOME"] ?? `${world.home}/.config`;
  return { tag: "ok", supervisor, places: bootPlacesOf(isRoot, configHome) };
}

export type ManagerFound = { readonly tag: "ok"; readonly manager: Manager | null } | Refused;

/** The manager that was asked for; null: none was. */
export function managerAsked({ given, world }: CommandCall): ManagerFound {
  const asked = given.valueOf("manager");
  const manager = MANAGERS.find((each) => each === asked);
  if (asked !== null && manager === undefined)
    return {
      tag: "usage",
      message: `cannot read "--manager": got ${JSON.stringify(asked)}, want one of ${MANAGERS.join(", ")}${hintOf(asked, MANAGERS)}`,
    };
  if (manager === "openrc" && world.uid !== 0)
    return { tag: "usage", message: "cannot use openrc: it starts things for root alone (want --manager cron)" };
  return { tag: "ok", manager: manager ?? null };
}

/** What has started this machine; null: nothing that we know. */
export function managerHere(isRoot: boolean): Manager | null {
  if (existsSync("/run/systemd/system")) return "systemd";
  if (isRoot && existsSync("/run/openrc")) return "openrc";
  return ["/usr/bin/crontab", "/bin/crontab", "/usr/sbin/crond", "/usr/sbin/cron"].some((path) => existsSync(path))
    ? "cron"
    : null;
}

/** Runs the commands until one fails; says which, and why, or null. */
export async function runAll(commands: readonly (readonly string[])[], world: CliWorld): Promise<string | null> {
  for (const words of commands) {
    const { code, output } = await world.run(words, "");
    if (code !== 0) return failureOf(words, output);
  }
  return null;
}

export function failureOf(words: readonly string[], output: string): string {
  const reason = output.trim().split("\n").at(-1) ?? "";
  return `cannot run "${words.join(" ")}": ${reason === "" ? "it failed" : reason}`;
}

/** Says why not; returns the exit status. */
export function refuse({ world }: CommandCall, { tag, message }: Refused): number {
  world.stderr.write(`${message}\n`);
  return tag === "usage" ? EXIT.usage : EXIT.failed;
}
