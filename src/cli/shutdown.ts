import { ask } from "../control/client.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { type Command, type CommandCall, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { readWaitOptions } from "./read-wait-options.ts";
import { watchWaiting } from "./watch-waiting.ts";
import { INTERRUPTED } from "./worst-exit.ts";

export const shutdown: Command = {
  about: `Stops all services in reverse order of dependency, then the supervisor, and waits
until it is gone.`,
  options: { ...WAIT_OPTIONS, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [],
  examples: [{ line: "daemonsup shutdown --timeout 30s", what: "wait 30 seconds at most" }],
  exits: { 0: "the supervisor is gone", 1: "refused" },
  run: shutDown,
};

async function shutDown(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") return say(call, { exit: EXIT.usage, message: wish.message });
  using waiting = watchWaiting(world, {
    what: "shutdown",
    names: [],
    place,
    others: ({ state }) => state === "stopping",
  });
  const reply = await ask(place, {
    route: "shutdown",
    name: null,
    body: {},
    patience: ANSWER_WITHIN,
    signal: waiting.signal,
  });
  if (waiting.signal.aborted) return INTERRUPTED;
  // A supervisor without services may be gone before its answer has left.
  if (reply.tag === "refused" && reply.why !== "broken") return say(call, reply);
  if (reply.tag === "ok" && reply.value.result !== "done") {
    return say(call, { exit: EXIT.failed, message: `cannot shut down: ${reply.value.message ?? reply.value.result}` });
  }
  if (!wish.wait) return say(call, { exit: EXIT.done, message: "shutdown asked for" });
  const isGone = await waitUntilGone(call, wish.timeout, waiting.signal);
  if (waiting.signal.aborted) return INTERRUPTED;
  if (!isGone)
    return say(call, {
      exit: EXIT.timedOut,
      message: `cannot shut down: services still run after ${given.valueOf("timeout")}; the shutdown goes on`,
    });
  return say(call, { exit: EXIT.done, message: "the supervisor is gone" });
}

const LOOK_EVERY_MS = 20;

/** true when no process holds the pid file any more; false when the time is up or the wait was ended. */
async function waitUntilGone({ place }: CommandCall, timeout: number | null, signal: AbortSignal): Promise<boolean> {
  const deadline = timeout === null ? Number.POSITIVE_INFINITY : performance.now() + timeout;
  // Nothing tells when a lock is free; its holder is no child of ours.
  while (place.isLocked()) {
    if (signal.aborted || performance.now() > deadline) return false;
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return true;
}

function say({ given, world }: CommandCall, end: { readonly exit: number; readonly message: string }): number {
  const isGood = end.exit === EXIT.done;
  if (!isGood) world.stderr.write(`${end.message}\n`);
  if (given.has("json"))
    world.stdout.write(`${JSON.stringify({ result: isGood ? "done" : "failed", message: end.message })}\n`);
  else if (isGood) world.stdout.write(`${end.message}\n`);
  return end.exit;
}
