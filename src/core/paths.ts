/** The directories of one supervisor, all absolute. */
export interface Directories {
  readonly runtime: string;
  readonly state: string;
  readonly log: string;
}

/** What decides where a supervisor lives. */
export interface PlaceRequest {
  readonly uid: number;
  readonly host: string;
  /** Home directory of the user, absolute. */
  readonly home: string;
  /** $XDG_STATE_HOME, or null. */
  readonly stateHome: string | null;
  /** --name, or null. */
  readonly name: string | null;
  /** --runtime-dir (or DAEMONSUP_RUNTIME_DIR), --state-dir, --log-dir, absolute, or null. */
  readonly overrides: { readonly runtime: string | null; readonly state: string | null; readonly log: string | null };
}

/** Where a supervisor keeps its things: /run, /var/lib and /var/log for root, below $XDG_STATE_HOME for others. */
export function directoriesOf(request: PlaceRequest): Directories {
  const base = request.uid === 0 ? rootBase() : userBase(request);
  const below = request.name === null ? "" : `/instances/${request.name}`;
  return {
    runtime: request.overrides.runtime ?? base.runtime + below,
    state: request.overrides.state ?? base.state + below,
    log: request.overrides.log ?? base.log + below,
  };
}

function rootBase(): Directories {
  return { runtime: "/run/daemonsup", state: "/var/lib/daemonsup", log: "/var/log/daemonsup" };
}

// Not $XDG_RUNTIME_DIR: it vanishes at logout while the daemon goes on, and is absent under cron.
function userBase(request: PlaceRequest): Directories {
  const absolute =
    request.stateHome?.startsWith("/") === true
      ? request.stateHome
      : `${request.home === "/" ? "" : request.home}/.local/state`;
  const top = `${absolute}/daemonsup`;
  return { runtime: `${top}/run/${request.host}`, state: `${top}/state`, log: `${top}/log` };
}

export function controlSocketOf(runtime: string): string {
  return `${runtime}/control.sock`;
}

/** For those who may only look; it is there if the configuration says so. */
export function statusSocketOf(runtime: string): string {
  return `${runtime}/status.sock`;
}

export function pidFileOf(runtime: string): string {
  return `${runtime}/supervisor.pid`;
}

/** The text of the configuration in force, for a supervisor that follows one which has died. */
export function configurationFileOf(runtime: string): string {
  return `${runtime}/configuration`;
}

/** Which processes the services have, and what is wanted of them. */
export function stateFileOf(runtime: string): string {
  return `${runtime}/state`;
}

/** Since when there have been supervisors here, one after the other. */
export function beginningFileOf(runtime: string): string {
  return `${runtime}/beginning`;
}

/** The records of the services. */
export function recordsFileOf(runtime: string): string {
  return `${runtime}/records`;
}

/** The records as they were before an upgrade, until it is decided. */
export function keptRecordsFileOf(runtime: string): string {
  return `${runtime}/records.kept`;
}

/** Where a program that is to take over finds copies of all this. */
export function probeDirectoryOf(runtime: string): string {
  return `${runtime}/probe`;
}

/** Where the history is kept. */
export function historyFileOf(state: string): string {
  return `${state}/history.db`;
}

/** The path as seen from the absolute directory `base`, without ".", ".." and empty parts, as path.resolve has it. */
export function absolutePath(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
