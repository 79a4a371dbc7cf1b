import { actOnServices } from "./act-on-services.ts";
import { type Command, JSON_OPTION, SOME_SERVICES, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const reset: Command = {
  about: `Forgets the failures of services: the counters start over, one that has failed becomes
down, and one that waits for its next attempt is started now.
Names may be globs.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [SOME_SERVICES],
  examples: [{ line: "daemonsup reset web", what: "let it try again now" }],
  exits: { 1: "refused" },
  run: (call) => actOnServices(call, { verb: "reset", past: "reset", signal: null }, call.given.operands),
};
