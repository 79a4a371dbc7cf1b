import { actOnServices } from "./act-on-services.ts";
import { type Command, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const restart: Command = {
  usage: "[options] NAME...",
  about: `Stops services, starts them again and waits until each is up, done or has failed.
One that is down is started.
Names may be globs; all services are acted on at the same time.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  run: (call) => actOnServices(call, { verb: "restart", past: "restarted", signal: null }, call.given.operands),
};
