import { ask, type Refusal } from "../control/client.ts";
import { MAX_USAGES } from "../control/limits.ts";
import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import type { ServiceView } from "../core/service-view.ts";
import { ANY_SERVICES, type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { ANSWER_WITHIN, mayBeInAddress } from "./find-services.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { type Found, isOneName, lookAtDetails, lookAtPage, lookAtServices, lookAtUsage } from "./look-at-services.ts";
import { worstExitOf } from "./worst-exit.ts";

export const status: Command = {
  about: `Shows all services, or those named (globs are understood), those in trouble first, each with the reason and what
to type next. One exact name shows everything about that service.

states: down, waiting, starting, up, stopping, backoff (will be started again),
  done (ended well), failed (ended badly or gave up)

Well is what is up or done, what waits for its schedule or the first connection, and what is down because its condition
is not met. CPU is a share of one processor since somebody looked before, ten minutes ago at most, else since the start;
what processes share counts for each in MEMORY.`,
  options: {
    watch: { short: "w", value: null, help: "draw it again every second until interrupted" },
    details: { short: "d", value: null, help: "everything about each service; with --json as a member of each" },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [ANY_SERVICES],
  examples: [
    { line: "daemonsup status", what: "everything, trouble first" },
    { line: "daemonsup status web", what: "all that is known of web" },
    { line: "daemonsup status --watch 'web-*'", what: "see how it goes" },
    { line: "daemonsup status --json", what: "for scripts" },
  ],
  exits: { 0: "all is well", 3: "something named (without names: something wanted) is not well" },
  run: showStatus,
};

async function showStatus(call: CommandCall): Promise<number> {
  const { given, world } = call;
  if (given.has("watch")) {
    const { watchStatus } = await import("./watch-status.ts");
    return await watchStatus(call, () => takeScreen(call));
  }
  const { lines, problems, exit } = await takeScreen(call);
  for (const problem of problems) world.stderr.write(`${problem}\n`);
  if (lines.length > 0) world.stdout.write(`${lines.join("\n")}\n`);
  return exit;
}

/** What a look at the services has come to. */
export interface Screen {
  readonly lines: readonly string[];
  /** Why something named could not be shown, each a whole sentence. */
  readonly problems: readonly string[];
  readonly exit: ExitStatus;
}

async function takeScreen(call: CommandCall): Promise<Screen> {
  const { given, place } = call;
  const isDetailed = given.has("details");
  const [only] = given.operands;
  if (!given.has("json") && only !== undefined && isOneName(given.operands) && mayBeInAddress(only)) {
    const reply = await lookAtPage(place, only, PAGE);
    if (reply.tag === "refused") return refused(reply);
    const { statusBlockOf } = await loadScreens();
    return { lines: statusBlockOf(call, reply.value), problems: [], exit: exitOfNamed([reply.value.service]) };
  }
  // Asked for at the same time.
  const foot = !given.has("json") && only === undefined && !isDetailed ? footOf(call) : Promise.resolve([]);
  const found = await lookAtServices(place, given.operands);
  if (found.tag === "refused") return refused(found);
  const lines = given.has("json")
    ? [JSON.stringify(isDetailed ? await withDetails(call, found.services) : found.services)]
    : isDetailed
      ? await blocksOf(call, found.services)
      : await tableOf(call, found, foot);
  return {
    lines,
    problems: found.unknown.map(({ word, reason }) => `cannot show ${JSON.stringify(word)}: ${reason}`),
    exit: worstExitOf([
      given.operands.length === 0 ? exitOfAll(found.services) : exitOfNamed(found.services),
      found.unknown.length > 0 ? EXIT.noSuchService : EXIT.done,
    ]),
  };
}

function refused({ message, exit }: Refusal): Screen {
  return { lines: [], problems: [message], exit };
}

async function tableOf(
  call: CommandCall,
  { services }: Found,
  foot: Promise<readonly string[]>,
): Promise<readonly string[]> {
  const { given, place } = call;
  if (services.length === 0) return given.operands.length === 0 ? ["no services"] : [];
  // Of more the supervisor tells nothing, so it need not be asked.
  const [usages, age] = await Promise.all([
    services.length > MAX_USAGES ? new Map() : lookAtUsage(place, given.operands),
    foot,
  ]);
  const { statusTableOf } = await loadScreens();
  return statusTableOf(call, { services, usages, foot: age });
}

/** A line about the supervisor itself, below all services; none if it does not tell. */
async function footOf(call: CommandCall): Promise<readonly string[]> {
  const question = { route: "version", name: null, patience: ANSWER_WITHIN, meanwhile: loadScreens } as const;
  const reply = await ask(call.place, question);
  if (reply.tag === "refused") return [];
  const { statusFootOf } = await loadScreens();
  return statusFootOf(call, reply.value);
}

/** Pages about services, with an empty line between them. */
async function blocksOf(call: CommandCall, services: readonly ServiceView[]): Promise<readonly string[]> {
  const { statusBlockOf } = await loadScreens();
  const blocks: string[] = [];
  for (const service of services) {
    const reply = await lookAtPage(call.place, service.name, PAGE);
    const page = reply.tag === "ok" ? reply.value : { service, details: null, lines: [] };
    blocks.push(...(blocks.length === 0 ? [] : [""]), ...statusBlockOf(call, page));
  }
  return blocks;
}

/** Loaded once; not before it is wanted, as it is as much as all the rest of the command. */
function loadScreens(): Promise<typeof import("./status-screens.ts")> {
  return import("./status-screens.ts");
}

/** So many of the last lines of its output are shown of a service. */
const PAGE = { lines: 8, meanwhile: loadScreens };

async function withDetails({ place }: CommandCall, services: readonly ServiceView[]): Promise<readonly object[]> {
  const detailed: object[] = [];
  for (const service of services) detailed.push({ ...service, details: await lookAtDetails(place, service.name) });
  return detailed;
}

function exitOfNamed(services: readonly ServiceView[]): ExitStatus {
  return services.every(({ well }) => well) ? EXIT.done : EXIT.notUp;
}

function exitOfAll(services: readonly ServiceView[]): ExitStatus {
  return services.every(({ want, well }) => want === "down" || well) ? EXIT.done : EXIT.notUp;
}
