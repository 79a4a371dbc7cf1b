import { EXIT } from "../core/exit-statuses.ts";
import type { CommandCall } from "./command.ts";
import { LiveBlock } from "./live-block.ts";
import { lookOf } from "./render-paint.ts";
import { cutTo, onOneLine } from "./render-text.ts";
import type { Screen } from "./status.ts";

/** How often it is drawn, in milliseconds. */
const EVERY_MS = 1_000;

/** Draws what `take` gives again and again in the same place, until the user interrupts it. */
export async function watchStatus({ given, world }: CommandCall, take: () => Promise<Screen>): Promise<number> {
  if (given.has("json") || !world.stdout.isTerminal) {
    const reason = given.has("json") ? '"--json" is given as well' : "the output is no terminal";
    world.stderr.write(`cannot read "--watch": ${reason}; daemonsup events tells what happens\n`);
    return EXIT.usage;
  }
  const block = new LiveBlock(world.stdout);
  const over = Promise.withResolvers<"over">();
  let isOver = false;
  const forget = world.onInterrupt(() => {
    isOver = true;
    over.resolve("over");
  });
  try {
    while (!isOver) {
      const screen = await Promise.race([take(), over.promise]);
      if (screen === "over" || !block.draw(linesOf(screen, world))) break;
      await Promise.race([Bun.sleep(EVERY_MS), over.promise]);
    }
    // The terminal has shown ^C where the cursor stood.
    world.stdout.write("\r\u001b[K");
    return EXIT.done;
  } finally {
    forget();
  }
}

function linesOf({ lines, problems }: Screen, world: CommandCall["world"]): readonly string[] {
  const { width, mark } = lookOf(world);
  return [...problems.map((problem) => cutTo(onOneLine(problem), width ?? problem.length, mark)), ...lines];
}
