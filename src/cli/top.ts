import { EXIT } from "../core/exit-statuses.ts";
import type { Command, CommandCall } from "./command.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { TopSession } from "./top-session.ts";

export const top: Command = {
  about: `Shows all services on the whole screen, as they are, and starts, stops and restarts them by keys. ? shows the keys.
The terminal is given back as it was, however this ends.`,
  options: PLACE_OPTIONS,
  operands: [],
  examples: [{ line: "daemonsup top", what: "see, and do" }],
  exits: { 1: "this is no terminal" },
  run: showTop,
};

async function showTop(call: CommandCall): Promise<number> {
  const session = new TopSession(call);
  const screen = await call.world.openFullScreen({
    input: (text) => session.input(text),
    resized: () => session.draw(),
  });
  if (screen === null) {
    call.world.stderr.write('cannot run "top": this is no terminal; daemonsup status shows the same\n');
    return EXIT.failed;
  }
  using _screen = screen;
  return await session.run(screen);
}
