import { actOnServices } from "./act-on-services.ts";
import { type Command, JSON_OPTION, SOME_SERVICES, WAIT_OPTIONS } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";

export const start: Command = {
  about: `Starts services and waits until each is up, done or has failed. A failure of the
attempt ends the waiting at once; the reason is printed.
Names may be globs; all are asked at once, and act in the order in which they need
each other.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [SOME_SERVICES],
  examples: [
    { line: "daemonsup start web", what: "wait until it is ready" },
    { line: "daemonsup start --timeout 10s 'web-*'", what: "wait 10 seconds at most" },
    { line: "daemonsup start --no-wait web", what: "only ask for it" },
  ],
  exits: { 0: "each is up or done", 1: "an attempt has failed, or was overtaken" },
  run: (call) => actOnServices(call, { verb: "start", past: "started", signal: null }, call.given.operands),
};
