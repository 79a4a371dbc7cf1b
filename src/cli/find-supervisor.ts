import type { SupervisorPlace } from "../control/client.ts";
import { absolutePath, controlSocketOf, type Directories, directoriesOf, pidFileOf } from "../core/paths.ts";
import type { Arguments, OptionTable } from "./parse-arguments.ts";
import { instanceNameProblem } from "./start-options.ts";
import type { CliWorld } from "./world.ts";

/** What every command that talks to a supervisor takes. */
export const PLACE_OPTIONS = {
  name: { short: null, value: "NAME", help: "the supervisor that was started with this --name" },
  "runtime-dir": {
    short: null,
    value: "DIR",
    help: "the one with this directory (or DAEMONSUP_RUNTIME_DIR)",
  },
} as const satisfies OptionTable;

export interface CommandPlace extends SupervisorPlace {
  /** The number in the pid file; null: none, as whoever ends in order empties it last. */
  daemonPid(): number | null;
  /** Has that process go on, should somebody have stopped it. */
  wakeDaemon(): void;
}

export type FoundPlace =
  | { readonly tag: "ok"; readonly place: CommandPlace }
  /** `message` is a whole sentence of our grammar. */
  | { readonly tag: "usage"; readonly message: string };

/** Which supervisor is meant: by --runtime-dir, else by --name, else by DAEMONSUP_RUNTIME_DIR, else the user's own. */
export function findSupervisor(given: Arguments, world: CliWorld): FoundPlace {
  const name = given.valueOf("name");
  const problem = name === null ? null : instanceNameProblem(name);
  if (problem !== null) return { tag: "usage", message: problem };
  const runtimeDir = given.valueOf("runtime-dir");
  const { runtime } = placesOf({ name, runtimeDir, stateDir: null, logDir: null }, world);
  const pidFile = pidFileOf(runtime);
  const place = {
    socket: controlSocketOf(runtime),
    connect: world.connect,
    isLocked: () => world.isLocked(pidFile),
    daemonPid: () => world.pidIn(pidFile),
    wakeDaemon() {
      const pid = world.pidIn(pidFile);
      if (pid !== null && world.isLocked(pidFile)) world.wake(pid);
    },
  };
  return { tag: "ok", place };
}

/** How this supervisor is spoken to, for lines that people are to type: "daemonsup", "daemonsup --name x". */
export function programWordsOf(given: Arguments): string {
  const words = ["name", "runtime-dir"].flatMap((option) => {
    const value = given.valueOf(option);
    if (value === null) return [];
    return [` --${option} ${/^[\w./@+-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`];
  });
  return `daemonsup${words.join("")}`;
}

/** The options that say where a supervisor lives, as written or absolute; null: not given. */
export interface PlaceWishes {
  readonly name: string | null;
  readonly runtimeDir: string | null;
  readonly stateDir: string | null;
  readonly logDir: string | null;
}

/** The directories that these options mean, for the start of a supervisor and for its clients alike. */
export function placesOf(
  wishes: PlaceWishes,
  world: Pick<CliWorld, "env" | "cwd" | "uid" | "host" | "home">,
): Directories {
  // The variable says which supervisor is meant when the command line does not.
  const variable = wishes.name === null ? (world.env["DAEMONSUP_RUNTIME_DIR"] ?? null) : null;
  const runtime = wishes.runtimeDir ?? (variable === "" ? null : variable);
  function absolute(path: string | null): string | null {
    return path === null ? null : absolutePath(world.cwd, path);
  }
  return directoriesOf({
    uid: world.uid,
    // Looked up only for those whose directories depend on it.
    get host() {
      return world.host;
    },
    get home() {
      return world.home;
    },
    stateHome: world.env["XDG_STATE_HOME"] ?? null,
    name: wishes.name,
    overrides: { runtime: absolute(runtime), state: absolute(wishes.stateDir), log: absolute(wishes.logDir) },
  });
}
