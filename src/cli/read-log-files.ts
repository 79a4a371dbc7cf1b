/* The logs of a supervisor that does not run: people need them most when it is dead. */
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import type { OutputItem } from "../control/control-port.ts";
import { onlyServices, selectServices } from "../control/select-services.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type LogPlace, logPlacesOf } from "../core/log-place.ts";
import { absolutePath } from "../core/paths.ts";
import type { CommandCall } from "./command.ts";
import { placesOf } from "./find-supervisor.ts";
import { readDefinitions } from "./read-definitions.ts";
import type { LogsOptions } from "./read-logs-options.ts";
import type { FilesOfService } from "./world.ts";

export interface FilesRead {
  /** What is read, for people: 'in "/var/log/daemonsup"'. */
  readonly where: string;
  readonly items: AsyncIterable<OutputItem>;
}

/** What the supervisor's own log says when it begins; the last of them counts. */
const BEGINNING = String.raw`^\S+ notice: daemonsup \S+ begins, pid \d+, \d+ services from .`;
const OWN_LOG = "daemonsup";

interface Beginning {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly config: string;
}

/** null: there are no files, or nobody can tell where. */
export async function readFiles(call: CommandCall, options: LogsOptions): Promise<FilesRead | null> {
  const directory = logDirectoryOf(call);
  if (directory === null) return null;
  const beginning = await lastBeginning(call, directory);
  const found = (await definedFiles(call, directory, beginning)) ?? filesIn(directory);
  if (found === null) return null;
  return { where: found.where, items: itemsOf(call, { options, beginning, services: found.services }) };
}

interface FilesFound {
  readonly where: string;
  readonly services: readonly FilesOfService[];
}

async function* itemsOf(
  { given, world }: CommandCall,
  {
    options,
    services,
    beginning,
  }: { options: LogsOptions; services: readonly FilesOfService[]; beginning: Beginning | null },
): AsyncGenerator<OutputItem> {
  const names = services.map(({ name }) => name);
  const all = given.operands.length === 0;
  const selection = all ? { names, unknown: [] } : selectServices(given.operands, onlyServices(names));
  for (const { word, reason } of selection.unknown)
    yield { note: `cannot show ${JSON.stringify(word)}: ${reason}`, exit: EXIT.noSuchService };
  yield { services: selection.names };
  const wanted = services.filter(({ name }) => selection.names.includes(name));
  if (options.run !== null) {
    yield {
      note: `cannot show run ${options.run}: without a supervisor it is not known when it was`,
      exit: EXIT.failed,
    };
    return;
  }
  if (options.isThisBoot && beginning === null)
    yield { note: "cannot tell when the supervisor began: its own log does not say", exit: EXIT.failed };
  const boot = options.isThisBoot ? (beginning?.at ?? null) : null;
  const since = Math.max(options.since ?? 0, boot ?? 0);
  yield* world.readLogFiles({
    services: wanted,
    count: options.count,
    wishes: options.wishes,
    window: { since: since === 0 ? null : since * 1000, until: options.until === null ? null : options.until * 1000 },
  });
}

/** null: another supervisor is meant than the user's own, and nothing says where its logs lie. */
function logDirectoryOf({ given, world }: CommandCall): string | null {
  const written = given.valueOf("log-dir");
  if (written !== null) return absolutePath(world.cwd, written);
  const name = given.valueOf("name");
  const variable = name === null ? (world.env["DAEMONSUP_RUNTIME_DIR"] ?? "") : "";
  if (given.has("runtime-dir") || variable !== "") return null;
  return placesOf({ name, runtimeDir: null, stateDir: null, logDir: null }, world).log;
}

function ownLogIn(directory: string): LogPlace {
  return { path: `${directory}/${OWN_LOG}.log`, format: "plain", stamp: "none", stream: null };
}

async function lastBeginning({ world }: CommandCall, directory: string): Promise<Beginning | null> {
  const items = world.readLogFiles({
    services: [{ name: OWN_LOG, places: [ownLogIn(directory)] }],
    count: 1,
    wishes: { grep: { pattern: BEGINNING, ignoreCase: false }, priority: null, stream: null },
    window: { since: null, until: null },
  });
  for await (const item of items) {
    if (!("text" in item)) continue;
    const config = / services from (.*)$/.exec(item.text)?.[1];
    const at = Date.parse(item.text.slice(0, item.text.indexOf(" ")));
    if (config !== undefined && !Number.isNaN(at)) return { at, config };
  }
  return null;
}

/** By the definitions that are named, or those that the supervisor had last; null: they cannot be read. */
async function definedFiles(
  call: CommandCall,
  directory: string,
  beginning: Beginning | null,
): Promise<FilesFound | null> {
  const written = call.given.valueOf("config");
  const config = written === null ? beginning?.config : resolve(call.world.cwd, written);
  if (config === undefined) return null;
  const { result } = await readDefinitions(config, call);
  if (result.tag === "rejected") return null;
  const services = result.definitions.map(({ name, log }): FilesOfService => ({
    name,
    places: logPlacesOf(log, `${directory}/${name}.log`).places,
  }));
  return { where: `of the services in "${config}"`, services };
}

/** Every log in the directory, in whichever of our formats it is; null: there is no such directory. */
function filesIn(directory: string): FilesFound | null {
  let entries: readonly string[];
  try {
    entries = readdirSync(directory);
  } catch {
    return null;
  }
  const names = entries.filter((entry) => entry.endsWith(".log")).map((entry) => entry.slice(0, -".log".length));
  const services = names
    .filter((name) => name !== OWN_LOG)
    .toSorted()
    .map((name): FilesOfService => {
      return { name, places: [{ path: `${directory}/${name}.log`, format: "plain", stamp: "iso", stream: null }] };
    });
  return { where: `in "${directory}"`, services };
}
