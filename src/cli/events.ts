import { EXIT } from "../core/exit-statuses.ts";
import { isPattern, matchesPattern } from "../core/name-pattern.ts";
import type { EventView } from "../core/service-view.ts";
import { ANY_SERVICES, type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { followEvents, isReplacement } from "./follow-events.ts";
import { lookAtServices } from "./look-at-services.ts";
import { renderEvent } from "./render-event.ts";
import { lookOf } from "./render-paint.ts";

export const events: Command = {
  about: `Shows what happens from now on, one line each, until interrupted: changes of state,
exits, reloads, relayed signals, problems; with names (globs are understood) only what happens to these services. What has
happened before is told by daemonsup history.`,
  options: {
    follow: { short: "f", value: null, help: "as always; accepted for the sake of habit" },
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [ANY_SERVICES],
  examples: [
    { line: "daemonsup events", what: "watch what happens" },
    { line: "daemonsup events 'web-*'", what: "to some services" },
    { line: "daemonsup events --json | jq .", what: "for scripts" },
  ],
  exits: { 1: "the connection broke" },
  run: showEvents,
};

async function showEvents(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const unknown = await unknownIn(call);
  if (typeof unknown === "number") return unknown;
  const words = given.operands;
  const isMeant = ({ service }: EventView): boolean =>
    words.length === 0 || (service !== null && words.some((word) => matchesPattern(service, word)));
  const reply = await followEvents(place);
  if (reply.tag === "refused") {
    world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  const isJson = given.has("json");
  const look = lookOf(world);
  try {
    for await (const event of reply.value) {
      const isNote = isReplacement(event);
      if (isNote && !isJson) world.stderr.write(`${event.message ?? ""}\n`);
      if (isNote ? !isJson : !isMeant(event)) continue;
      if (!world.stdout.write(`${isJson ? JSON.stringify(event) : renderEvent(event, look)}\n`)) break;
    }
    return EXIT.done;
  } catch {
    world.stderr.write("cannot show more: the supervisor has closed the connection\n");
    return EXIT.failed;
  }
}

/** The exit status if a name means no service, after that was said. A glob may mean those to come. */
async function unknownIn({ given, world, place }: CommandCall): Promise<number | null> {
  const names = given.operands.filter((word) => !isPattern(word));
  if (names.length === 0) return null;
  const found = await lookAtServices(place, names);
  if (found.tag === "refused") {
    world.stderr.write(`${found.message}\n`);
    return found.exit;
  }
  for (const { word, reason } of found.unknown) world.stderr.write(`cannot show ${JSON.stringify(word)}: ${reason}\n`);
  return found.unknown.length > 0 ? EXIT.noSuchService : null;
}
