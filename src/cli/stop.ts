import { actOnServices } from "./act-on-services.ts";
import { type Command, JSON_OPTION, SOME_SERVICES, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const stop: Command = {
  about: `Stops services and waits until nothing of them is left. They stay down, also over a
reload and a restart of the supervisor, until they are started again.
Names may be globs; all are asked at once, and act in the order in which they need
each other.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [SOME_SERVICES],
  examples: [
    { line: "daemonsup stop web", what: "wait until nothing of it is left" },
    { line: "daemonsup stop '*'", what: "stop all services, not the supervisor" },
  ],
  exits: { 0: "nothing of them is left", 1: "something does not end, or the stop was overtaken" },
  run: (call) => actOnServices(call, { verb: "stop", past: "stopped", signal: null }, call.given.operands),
};
