import { ask, type Refusal, type Reply, type SupervisorPlace } from "../control/client.ts";
import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import { isPattern } from "../core/name-pattern.ts";
import type { ServiceView } from "../core/service-view.ts";
import { ANY_SERVICES, type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { ANSWER_WITHIN, mayBeInAddress } from "./find-services.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { lookOf } from "./render-paint.ts";
import { renderStatusBlock } from "./render-status-block.ts";
import { renderStatusTable } from "./render-status-table.ts";
import { selectServices } from "../control/select-services.ts";
import { worstExitOf } from "./worst-exit.ts";

export const status: Command = {
  about: `Shows all services, or those named (globs are understood), those in trouble first.
One exact name shows everything about that service.

states: down, waiting, starting, up, stopping, backoff (will be started again),
  done (ended well), failed (ended badly or gave up)

Well is what is up or done, what waits for its schedule or the first connection, and
what is down because its condition is not met.`,
  options: { ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [ANY_SERVICES],
  examples: [
    { line: "daemonsup status", what: "everything, trouble first" },
    { line: "daemonsup status web", what: "all that is known of web" },
    { line: "daemonsup status --json 'web-*'", what: "for scripts" },
  ],
  exits: { 0: "all is well", 3: "something named (without names: something wanted) is not well" },
  run: showStatus,
};

async function showStatus(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const [only, ...others] = given.operands;
  const isSingle = only !== undefined && others.length === 0 && !isPattern(only);
  const reply = (isSingle ? await askOne(place, only) : null) ?? (await askAll(place));
  if (reply.tag === "refused") return refuse(call, reply);
  const all = reply.value;
  const wanted = selectServices(
    given.operands,
    all.map((service) => service.name),
  );
  const names = new Set(wanted.names);
  const shown = only === undefined ? all : all.filter((service) => names.has(service.name));
  for (const { word, reason } of wanted.unknown) world.stderr.write(`cannot show ${JSON.stringify(word)}: ${reason}\n`);
  print(call, shown, isSingle);
  return worstExitOf([
    only === undefined ? exitOfAll(shown) : exitOfNamed(shown),
    wanted.unknown.length > 0 ? EXIT.noSuchService : EXIT.done,
  ]);
}

function askAll(place: SupervisorPlace): Promise<Reply<readonly ServiceView[]>> {
  return ask(place, { route: "services", name: null, patience: ANSWER_WITHIN });
}

/** Null if there is none of that name: the list of all then says which may have been meant. */
async function askOne(place: SupervisorPlace, name: string): Promise<Reply<readonly ServiceView[]> | null> {
  if (!mayBeInAddress(name)) return null;
  const reply = await ask(place, { route: "service", name, patience: ANSWER_WITHIN });
  if (reply.tag === "ok") return { tag: "ok", value: [reply.value] };
  return reply.exit === EXIT.noSuchService ? null : reply;
}

function print(call: CommandCall, shown: readonly ServiceView[], isSingle: boolean): void {
  const { given, world } = call;
  const single = shown[0];
  if (given.has("json")) {
    world.stdout.write(`${JSON.stringify(shown)}\n`);
  } else if (single === undefined) {
    if (given.operands.length === 0) world.stdout.write("no services\n");
  } else {
    const look = lookOf(world);
    const lines = isSingle ? renderStatusBlock(single, world.now(), look) : renderStatusTable(shown, world.now(), look);
    world.stdout.write(`${lines.join("\n")}\n`);
  }
}

function refuse(call: CommandCall, refusal: Refusal): number {
  call.world.stderr.write(`${refusal.message}\n`);
  return refusal.exit;
}

function exitOfNamed(services: readonly ServiceView[]): ExitStatus {
  return services.every(({ well }) => well) ? EXIT.done : EXIT.notUp;
}

function exitOfAll(services: readonly ServiceView[]): ExitStatus {
  return services.every(({ want, well }) => want === "down" || well) ? EXIT.done : EXIT.notUp;
}
