import { ask } from "../control/client.ts";
import { EXIT } from "../core/exit-statuses.ts";
import type { ServiceView } from "../core/service-view.ts";
import { type Command, type CommandCall, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { type CommandPlace, PLACE_OPTIONS } from "./find-supervisor.ts";
import { readWaitOptions, type WaitWish } from "./read-wait-options.ts";
import { waitFor } from "./watch-waiting.ts";
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

/** How often it is looked whether somebody has stopped the guardian. */
const WAKE_EVERY_MS = 500;

async function shutDown(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") return say(call, { exit: EXIT.usage, message: wish.message });
  const waiting = { what: "shutdown", names: [], place, others: isStopping };
  const end = await waitFor(world, waiting, (signal) => whileAwake(place, () => askAndWait(call, wish, signal)));
  return end === null ? INTERRUPTED : say(call, end);
}

function isStopping({ state }: ServiceView): boolean {
  return state === "stopping";
}

/** How it has ended, and what there is to say of it. */
interface Ending {
  readonly exit: number;
  readonly message: string;
}

async function askAndWait(call: CommandCall, { wait, timeout }: WaitWish, signal: AbortSignal): Promise<Ending> {
  const guardian = call.place.daemonPid();
  const reply = await ask(call.place, { route: "shutdown", name: null, body: {}, patience: ANSWER_WITHIN, signal });
  // A supervisor without services may be gone before its answer has left.
  if (reply.tag === "refused" && reply.why !== "broken") return reply;
  if (reply.tag === "ok" && reply.value.result !== "done")
    return { exit: EXIT.failed, message: `cannot shut down: ${reply.value.message ?? reply.value.result}` };
  if (!wait) return { exit: EXIT.done, message: "shutdown asked for" };
  switch (await waitUntilGone(call, timeout, signal)) {
    case "gone":
      return { exit: EXIT.done, message: "the supervisor is gone" };
    case "guardian":
      return { exit: EXIT.timedOut, message: remainsText(guardian) };
    case "services": {
      const text = call.given.valueOf("timeout");
      return {
        exit: EXIT.timedOut,
        message: `cannot shut down: services still run after ${text}; the shutdown goes on`,
      };
    }
  }
}

/**
 * A guardian that somebody has stopped starts no supervisor: where there is none, nobody would hear of this, or carry it out.
 * It may be stopped, and the supervisor die, at any moment, also between the question and its answer.
 */
async function whileAwake<T>(place: CommandPlace, run: () => Promise<T>): Promise<T> {
  place.wakeDaemon();
  const waking = setInterval(() => place.wakeDaemon(), WAKE_EVERY_MS);
  try {
    return await run();
  } finally {
    clearInterval(waking);
  }
}

function remainsText(guardian: number | null): string {
  const pid = guardian === null ? "" : ` (pid ${guardian})`;
  return `cannot shut down: all services are stopped and the supervisor has ended, but its guardian${pid} has not; until it has, nothing can be started in its place`;
}

const LOOK_EVERY_MS = 20;
/** A guardian ends right after its supervisor, unless somebody holds it up. */
const GUARDIAN_WITHIN_MS = 5_000;

/**
 * "gone" when no process holds the pid file any more; otherwise the time is up or the wait was ended, and these are left. For
 * the guardian alone it never waits for longer than GUARDIAN_WITHIN_MS.
 */
async function waitUntilGone(
  { place }: CommandCall,
  timeout: number | null,
  signal: AbortSignal,
): Promise<"gone" | "guardian" | "services"> {
  const deadline = timeout === null ? Number.POSITIVE_INFINITY : performance.now() + timeout;
  let guardianUntil = Number.POSITIVE_INFINITY;
  // Nothing tells when a lock is free; its holder is no child of ours.
  while (place.isLocked()) {
    const isEmpty = place.daemonPid() === null;
    const now = performance.now();
    if (isEmpty) guardianUntil = Math.min(guardianUntil, now + GUARDIAN_WITHIN_MS);
    if (signal.aborted || now > Math.min(deadline, guardianUntil)) return isEmpty ? "guardian" : "services";
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return "gone";
}

function say({ given, world }: CommandCall, end: Ending): number {
  const isGood = end.exit === EXIT.done;
  if (!isGood) world.stderr.write(`${end.message}\n`);
  if (given.has("json"))
    world.stdout.write(`${JSON.stringify({ result: isGood ? "done" : "failed", message: end.message })}\n`);
  else if (isGood) world.stdout.write(`${end.message}\n`);
  return end.exit;
}
