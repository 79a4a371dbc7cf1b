/*
 * Who the supervisor is to be and where it lives: its user and groups, its directories, its pid file. All of it is settled
 * before anything is started. Part of the composition root.
 */
import type { Settings } from "./core/definition.ts";
import type { EstatePort } from "./core/estate.ts";
import { pidFileOf } from "./core/paths.ts";
import { CannotStart } from "./daemon-failure.ts";
import { openDirectory, prepareDirectory } from "./os/directories.ts";
import { lockDirectory, readPidFile, sharePidFile, takePidFile, writePidFile } from "./os/pid-file.ts";
import { type User, findGroup, findUser } from "./os/user-database.ts";
import { type SupervisorRole, daemonPidOf } from "./role.ts";

/** The user that the supervisor becomes once it has taken what needs root; null: it stays who it is. */
export function servingUser(settings: Settings): User | null {
  const { user, group } = settings.daemon;
  if (user === null) return null;
  const found = findUser(user);
  if (found === null) throw new CannotStart([`cannot become user "${user}": there is no such user`]);
  if (process.getuid?.() !== 0 && process.getuid?.() !== found.uid)
    throw new CannotStart([`cannot become user "${user}": only root can`]);
  const gid = group === null ? found.gid : findGroup(group);
  if (gid === null) throw new CannotStart([`cannot become group "${group}": there is no such group`]);
  return { ...found, gid };
}

/** The groups whose members may talk to the supervisor. */
export interface ServingGroups {
  /** May operate; null: only the supervisor's own user. */
  readonly control: number | null;
  /** May look; null: nobody beside those who may operate. */
  readonly status: number | null;
}

export function servingGroups({ control }: Settings): ServingGroups {
  return { control: groupFor("control", control.group), status: groupFor("status", control.statusGroup) };
}

function groupFor(what: string, name: string | null): number | null {
  if (name === null) return null;
  const group = findGroup(name);
  if (group === null)
    throw new CannotStart([`cannot open the ${what} socket to group "${name}": there is no such group`]);
  return group;
}

/** Returns the groups to which the runtime directory is open then. */
export function prepareDirectories(role: SupervisorRole, user: User | null, groups: ServingGroups): ServingGroups {
  const { runtime, state, log } = role.directories;
  const { options } = role;
  const owner = { uid: user?.uid ?? process.getuid?.() ?? 0, gid: user?.gid ?? process.getgid?.() ?? 0 };
  // A directory that was named must have its parent; the usual places are made as far as they are missing.
  const wanted = [
    { what: "runtime", path: runtime, mode: 0o700, mayMakeParents: options.runtimeDir === null },
    { what: "state", path: state, mode: 0o700, mayMakeParents: options.stateDir === null },
    { what: "log", path: log, mode: 0o750, mayMakeParents: options.logDir === null },
  ];
  for (const { what, path, mode, mayMakeParents } of wanted) {
    const problem = prepareDirectory({ path, mode, ...owner }, mayMakeParents);
    if (problem !== null) throw new CannotStart([`cannot use ${what} directory "${path}": it ${problem}`]);
  }
  const guests = [...new Set([groups.control, groups.status])].filter((group) => group !== null);
  const closed = guests.length === 0 ? null : openDirectory(runtime, guests);
  if (closed !== null) throw new CannotStart([`cannot use runtime directory "${runtime}": it ${closed}`]);
  return groups;
}

/** Keeps the state directory for this supervisor: two that share one would run every service twice. */
export function holdStateDirectory({ directories: { state } }: SupervisorRole, estate: EstatePort): void {
  if (estate.inherit(STATE_LOCK).size > 0) return;
  const locked = lockDirectory(state);
  // Where the file system has no locks there is none to hold.
  if (typeof locked === "number") estate.hold(STATE_LOCK, locked);
  if (locked !== "held") return;
  const message = `cannot use state directory "${state}": another supervisor uses it (give each a --name, or a --state-dir)`;
  throw new CannotStart([message]);
}

const PID_FILE_LOCK = "lock pid-file";
const STATE_LOCK = "lock state-directory";

/** Who may talk to the supervisor, and whom it becomes. */
interface Sharing {
  readonly user: User | null;
  /** null: as a predecessor has settled it. */
  readonly groups: ServingGroups | null;
}

/** Returns the descriptor that holds the lock. Those who may operate may also look whether somebody holds it. */
export function holdPidFile(role: SupervisorRole, estate: EstatePort, { user, groups }: Sharing): number {
  const pid = daemonPidOf(role);
  const inherited = estate.inherit(PID_FILE_LOCK).get(PID_FILE_LOCK);
  if (inherited !== undefined) {
    writePidFile(inherited, pid);
    return inherited;
  }
  const path = pidFileOf(role.directories.runtime);
  const taken = takePidFile(path, pid);
  switch (taken.tag) {
    case "taken":
      sharePidFile(taken.fd, user?.uid ?? process.getuid?.() ?? 0, groups?.control ?? null);
      estate.hold(PID_FILE_LOCK, taken.fd);
      return taken.fd;
    case "held":
      throw new CannotStart([
        `cannot start: a supervisor is already running, pid ${heldBy(path)} (${role.directories.runtime})`,
      ]);
    case "failed":
      throw new CannotStart([`cannot take pid file "${path}": ${taken.reason}`]);
  }
}

/** Whoever has the lock writes its number a moment later. */
function heldBy(path: string): string {
  for (let attempt = 0; attempt < 50; attempt++) {
    const pid = readPidFile(path);
    if (pid !== null) return String(pid);
    Bun.sleepSync(10);
  }
  return "unknown";
}
