import { ask } from "../control/client.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type Command, type CommandCall, JSON_OPTION } from "./command.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { ageWordsOf, agoWordsOf, countOf } from "./render-words.ts";

export const version: Command = {
  about: `Shows the version of this program and, if one is running, that of the supervisor.
That none is running is no failure.`,
  options: { ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [],
  examples: [{ line: "daemonsup version --json", what: "for scripts" }],
  exits: { 0: "shown, also if no supervisor is running" },
  run: showVersion,
};

async function showVersion({ given, world, place }: CommandCall): Promise<number> {
  const reply = await ask(place, { route: "version", name: null, patience: ANSWER_WITHIN });
  const supervisor = reply.tag === "ok" ? reply.value : null;
  const isAlarming = reply.tag === "refused" && reply.why !== "not-running";
  if (given.has("json")) {
    world.stdout.write(`${JSON.stringify({ client: world.version, supervisor })}\n`);
  } else {
    world.stdout.write(`daemonsup ${world.version}\n`);
    if (supervisor !== null) {
      const { version: running, pid, config, services, guardian, upgrade } = supervisor;
      const age = ageWordsOf(supervisor, world.now());
      world.stdout.write(
        `supervisor ${running} (pid ${pid}, ${age}, ${countOf(services, "service")} from ${config})\n`,
      );
      if (guardian !== null && guardian.version !== running)
        world.stdout.write(
          `guardian ${guardian.version} (pid ${guardian.pid}, started ${agoWordsOf(guardian.since, world.now())})\n`,
        );
      if (upgrade?.result === "failed")
        world.stdout.write(
          `the upgrade to ${upgrade.to} (${upgrade.binary}) ${agoWordsOf(upgrade.at, world.now())} failed: ${upgrade.message ?? ""}\n`,
        );
    } else if (!isAlarming) {
      world.stdout.write("no supervisor is running\n");
    }
  }
  if (reply.tag === "refused" && isAlarming) {
    world.stderr.write(`${reply.message}\n`);
    return reply.exit;
  }
  return EXIT.done;
}
