import { EXIT } from "../core/exit-statuses.ts";
import { hintOf } from "../core/nearest.ts";
import { parseSignalName, SIGNAL_NAMES } from "../core/signal-names.ts";
import { actOnServices } from "./act-on-services.ts";
import { type Command, type CommandCall, JSON_OPTION, SOME_SERVICES } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const signal: Command = {
  about: `Sends a signal to the main process of services. The signal is a name, with or without
SIG, or a number. Names may be globs.`,
  options: { ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [{ shown: "SIGNAL", kind: "signal", count: "one" }, SOME_SERVICES],
  examples: [
    { line: "daemonsup signal HUP web", what: "let it read its configuration" },
    { line: "daemonsup signal SIGUSR1 'web-*'", what: "to several" },
  ],
  exits: { 0: "sent", 1: "a service has no main process" },
  run: sendSignal,
};

async function sendSignal(call: CommandCall): Promise<number> {
  const [wanted = "", ...names] = call.given.operands;
  const name = parseSignalName(wanted);
  if (name === null) {
    const short = SIGNAL_NAMES.map((each) => each.slice("SIG".length));
    const hint = hintOf(wanted.replace(/^SIG/i, ""), short);
    call.world.stderr.write(
      `cannot send ${JSON.stringify(wanted)}: no such signal${hint}, want daemonsup signal SIGNAL NAME...\n`,
    );
    return EXIT.usage;
  }
  return await actOnServices(call, { verb: "signal", past: `${name} sent`, signal: name }, names);
}
