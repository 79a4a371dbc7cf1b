import { ask } from "../control/client.ts";
import { newRequestIdentity } from "../control/request-identity.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { actOnServices } from "./act-on-services.ts";
import { ANY_SERVICES, type Command, type CommandCall, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { readWaitOptions } from "./read-wait-options.ts";
import { renderReload } from "./render-reload.ts";
import { waitFor } from "./watch-waiting.ts";
import { INTERRUPTED } from "./worst-exit.ts";

export const reload: Command = {
  about: `Without names: reads all definitions again, as SIGHUP does. If anything is invalid,
nothing is changed and every problem is printed; else what was added is
started, what was removed is stopped, what has changed is restarted or adjusted, and
every other running service gets its [reload].

With names: performs the [reload] of these services, nothing else. Names may be globs.`,
  options: {
    "dry-run": { short: null, value: null, help: "only show what a reload would do" },
    ...WAIT_OPTIONS,
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [ANY_SERVICES],
  examples: [
    { line: "daemonsup reload --dry-run", what: "what would become of each service" },
    { line: "daemonsup reload", what: "apply what has changed in the files" },
    { line: "daemonsup reload web", what: "only let web read its own configuration again" },
  ],
  exits: { 1: "refused, or a service could not reload", 6: "the definitions are wrong, nothing was changed" },
  run: (call) => (call.given.operands.length === 0 ? reloadAll(call) : reloadSome(call)),
};

async function reloadSome(call: CommandCall): Promise<number> {
  if (call.given.has("dry-run")) return refuse(call, 'cannot read "--dry-run": it goes without names');
  return await actOnServices(call, { verb: "reload", past: "reloaded", signal: null }, call.given.operands);
}

async function reloadAll(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") return refuse(call, wish.message);
  if (!wish.wait) return refuse(call, 'cannot read "--no-wait": it goes only with names');
  const isDryRun = given.has("dry-run");
  const question = {
    route: "reloadAll",
    name: null,
    body: { dry_run: isDryRun },
    patience: wish.timeout,
    identity: newRequestIdentity(),
  } as const;
  const waiting = { what: "reload", names: [], place, others: null };
  const reply = await waitFor(world, waiting, (signal) => ask(place, { ...question, signal }));
  if (reply === null) return INTERRUPTED;
  if (reply.tag === "refused") {
    for (const problem of reply.problems) world.stderr.write(`${problem}\n`);
    world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  const text = given.has("json") ? JSON.stringify(reply.value) : renderReload(reply.value, isDryRun).join("\n");
  world.stdout.write(`${text}\n`);
  return EXIT.done;
}

function refuse(call: CommandCall, message: string): number {
  call.world.stderr.write(`${message}\n`);
  return EXIT.usage;
}
