import { askLines } from "../control/client.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { renderEvent } from "./render-event.ts";

export const events: Command = {
  about: `Shows what happens from now on, one line each, until interrupted: changes of state,
exits, reloads, relayed signals, problems. With --json one JSON object a line.`,
  options: {
    follow: { short: "f", value: null, help: "as always; accepted for the sake of habit" },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [],
  examples: [
    { line: "daemonsup events", what: "watch what happens" },
    { line: "daemonsup events --json | jq .", what: "for scripts" },
  ],
  exits: { 1: "the connection broke" },
  run: showEvents,
};

async function showEvents({ given, world, place }: CommandCall): Promise<number> {
  const reply = await askLines(place, { route: "events", name: null, patience: null });
  if (reply.tag === "refused") {
    world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  const isJson = given.has("json");
  try {
    for await (const event of reply.value) {
      if (!world.stdout.write(`${isJson ? JSON.stringify(event) : renderEvent(event)}\n`)) break;
    }
    return EXIT.done;
  } catch {
    world.stderr.write("cannot show more: the supervisor has closed the connection\n");
    return EXIT.failed;
  }
}
