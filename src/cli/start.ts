import { actOnServices } from "./act-on-services.ts";
import { type Command, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const start: Command = {
  usage: "[options] NAME...",
  about: `Starts services and waits until each is up, done or has failed. A failure of the
attempt ends the waiting at once; the reason is printed.
Names may be globs; all services are acted on at the same time.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  run: (call) => actOnServices(call, { verb: "start", past: "started", signal: null }, call.given.operands),
};
