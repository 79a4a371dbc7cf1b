import { actOnServices } from "./act-on-services.ts";
import { type Command, JSON_OPTION, SOME_SERVICES, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const restart: Command = {
  about: `Stops services, starts them again and waits until each is up, done or has failed.
One that is down is started.
Names may be globs; all are asked at once, and act in the order in which they need
each other.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [SOME_SERVICES],
  examples: [
    { line: "daemonsup restart web", what: "stop it, start it, wait until it is ready" },
    { line: "daemonsup restart 'web-*'", what: "all of them, in the order in which they need each other" },
  ],
  exits: { 0: "each is up or done again", 1: "an attempt has failed, or was overtaken" },
  run: (call) => actOnServices(call, { verb: "restart", past: "restarted", signal: null }, call.given.operands),
};
