import { actOnServices } from "./act-on-services.ts";
import { type Command, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const stop: Command = {
  usage: "[options] NAME...",
  about: `Stops services and waits until nothing of them is left. They stay down, also over a
reload and a restart of the supervisor, until they are started again.
Names may be globs; all services are acted on at the same time.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  run: (call) => actOnServices(call, { verb: "stop", past: "stopped", signal: null }, call.given.operands),
};
