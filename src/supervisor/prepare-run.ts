/*
 * From a definition to everything that a spawn needs, looked up at the moment of the start: program, user, groups. What is
 * missing now may be there at the next attempt, so each is a value, not an exception.
 */
import type { Definition } from "../core/definition.ts";
import type { FileVariables } from "../config/look.ts";
import { DEFAULT_PATH, resolveProgram } from "../config/resolve-program.ts";

export interface UserPort {
  findUser(name: string): {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
    readonly home: string;
    readonly shell: string;
  } | null;
  findGroup(name: string): number | null;
  groupsOf(user: string, gid: number): readonly number[];
  readonly ownUid: number;
  readonly ownGid: number;
  /** LANG and TZ as the supervisor was started with; the only variables that are handed on. */
  readonly inherited: Readonly<Record<string, string>>;
}

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

export interface Prepared {
  readonly tag: "prepared";
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly credentials: Credentials | null;
}

export type PrepareResult = Prepared | { readonly tag: "unable"; readonly reason: string };

/** What is run: the service's own command, or another one in its surroundings. */
export interface RunRequest {
  readonly definition: Definition;
  readonly command: readonly string[];
  readonly runtime: Definition["runtime"];
  readonly invocation: string;
  /** What its environment files and secrets held when they were read for this run. */
  readonly files: FileVariables;
  /** Variables for this run alone. */
  readonly extra: Readonly<Record<string, string>>;
}

export function prepareRun(request: RunRequest, users: UserPort): PrepareResult {
  const { definition } = request;
  const identity = lookUpIdentity(definition, users);
  if (identity.tag === "unable") return identity;

  const { files } = request;
  if (files.tag === "unable") return files;
  const environment: Record<string, string> = {
    PATH: DEFAULT_PATH,
    ...users.inherited,
    ...identity.variables,
    ...files.variables,
    ...definition.environment,
    ...files.secrets,
    ...request.extra,
    DAEMONSUP_SERVICE: definition.name,
    INVOCATION_ID: request.invocation,
  };

  const program = lookUpProgram(request, environment);
  if (program.tag === "unable") return program;
  const env = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  if (request.runtime === "bun") asBun(env, environment);
  return { tag: "prepared", path: program.path, argv: program.argv, env, credentials: identity.credentials };
}

/**
 * Has this binary be the runtime, but not what the script starts. It looks for the variable as getenv(3) does, which finds the
 * first of its name; the script sees the last one and hands that on: what the service says itself, or an empty one.
 */
function asBun(env: string[], { [BE_BUN]: own = "" }: Readonly<Record<string, string>>): void {
  env.unshift(`${BE_BUN}=1`);
  env.push(`${BE_BUN}=${own}`);
}

const BE_BUN = "BUN_BE_BUN";

type Identity =
  | {
      readonly tag: "known";
      readonly credentials: Credentials | null;
      readonly variables: Readonly<Record<string, string>>;
    }
  | { readonly tag: "unable"; readonly reason: string };

function lookUpIdentity(definition: Definition, users: UserPort): Identity {
  const { user, group, groups } = definition;
  if (user === null && group === null && groups === null) return { tag: "known", credentials: null, variables: {} };

  const entry = user === null ? null : users.findUser(user);
  if (user !== null && entry === null) return { tag: "unable", reason: `there is no user "${user}"` };
  const gid = group === null ? (entry?.gid ?? users.ownGid) : users.findGroup(group);
  if (gid === null) return { tag: "unable", reason: `there is no group "${group}"` };

  const supplementary: number[] = [];
  for (const name of groups ?? []) {
    const found = users.findGroup(name);
    if (found === null) return { tag: "unable", reason: `there is no group "${name}"` };
    supplementary.push(found);
  }
  const all = groups === null && entry !== null ? users.groupsOf(entry.name, gid) : supplementary;
  const variables: Record<string, string> =
    entry === null ? {} : { HOME: entry.home, USER: entry.name, LOGNAME: entry.name, SHELL: entry.shell };
  return { tag: "known", credentials: { uid: entry?.uid ?? users.ownUid, gid, groups: all }, variables };
}

function lookUpProgram(
  request: RunRequest,
  environment: Readonly<Record<string, string>>,
):
  | { readonly tag: "found"; readonly path: string; readonly argv: readonly string[] }
  | { readonly tag: "unable"; readonly reason: string } {
  const { command, runtime } = request;
  if (runtime === "bun") {
    // The very binary that is running; the script itself is opened by it, with the service's own rights.
    return { tag: "found", path: "/proc/self/exe", argv: ["bun", "--no-install", ...command] };
  }
  // A path is not looked at before: exec tells what is wrong with it, and a file system that hangs cannot stop the loop.
  if (command[0]?.includes("/") === true) return { tag: "found", path: command[0], argv: command };
  const program = resolveProgram(command[0] ?? "", environment["PATH"] ?? DEFAULT_PATH);
  if (program.tag === "missing") return { tag: "unable", reason: program.reason };
  return { tag: "found", path: program.path, argv: command };
}
