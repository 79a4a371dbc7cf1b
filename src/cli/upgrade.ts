import { ask } from "../control/client.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { absolutePath } from "../core/paths.ts";
import type { UpgradeView } from "../core/upgrade.ts";
import { type Command, type CommandCall, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { PLACE_OPTIONS } from "./find-supervisor.ts";
import { readWaitOptions } from "./read-wait-options.ts";
import { waitFor } from "./watch-waiting.ts";
import { INTERRUPTED } from "./worst-exit.ts";

export const upgrade: Command = {
  about: `Replaces the program of the supervisor by the one on disk, as SIGUSR2 does. Services
keep running, and no line of their output is lost.

The new program is first asked whether it could go on from here; if not, nothing is
changed. If it does not come up within 10 seconds, the old one goes on.`,
  options: {
    binary: {
      short: null,
      value: "PATH",
      help: "the new program (default: the file that the supervisor was started from)",
    },
    timeout: WAIT_OPTIONS.timeout,
    ...JSON_OPTION,
    ...PLACE_OPTIONS,
  },
  operands: [],
  examples: [
    { line: "daemonsup upgrade", what: "after a new version was put in the place of the old one" },
    { line: "daemonsup upgrade --binary /opt/daemonsup-2/daemonsup", what: "to another file" },
  ],
  exits: { 0: "the new program is at work", 1: "refused, or the old program goes on" },
  run: upgradeSupervisor,
};

/** What is printed; `view` is null as long as nothing has begun. */
interface Ending {
  readonly exit: number;
  readonly message: string;
  readonly view: UpgradeView | null;
}

async function upgradeSupervisor(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") return say(call, { exit: EXIT.usage, message: wish.message, view: null });
  const deadline = wish.timeout === null ? Number.POSITIVE_INFINITY : performance.now() + wish.timeout;
  const waiting = { what: "upgrade", names: [], place, others: null };
  const ending = await waitFor(world, waiting, (signal) => askAndWait(call, deadline, signal));
  return ending === null ? INTERRUPTED : say(call, ending);
}

async function askAndWait(call: CommandCall, deadline: number, signal: AbortSignal): Promise<Ending> {
  const { given, world, place } = call;
  const before = await ask(place, { route: "version", name: null, patience: ANSWER_WITHIN, signal });
  if (before.tag === "refused") return { ...before, view: null };
  const path = given.valueOf("binary");
  const body = path === null ? {} : { binary: absolutePath(world.cwd, path) };
  const reply = await ask(place, { route: "upgrade", name: null, body, patience: null, signal });
  // A supervisor that makes room may be gone before its answer has left.
  if (reply.tag === "refused" && reply.why !== "broken") return { ...reply, view: null };
  const known = before.value.upgrade?.at ?? null;
  const view = await waitUntilDecided(call, { known, since: before.value.since, deadline }, signal);
  if (view === "late")
    return { exit: EXIT.timedOut, message: "cannot upgrade: not decided in time; it goes on", view: null };
  if (view === "other") return { exit: EXIT.failed, message: OTHER, view: null };
  if (view === "over") return { exit: EXIT.failed, message: "cannot upgrade: the supervisor has ended", view: null };
  return { ...conclusionOf(view), view };
}

function conclusionOf({ from, to, binary, result, message }: UpgradeView): Pick<Ending, "exit" | "message"> {
  const failed = `cannot upgrade to "${binary}": ${message ?? "it is not known why"}; version ${from} goes on`;
  if (result === "failed") return { exit: EXIT.failed, message: failed };
  const note = message === null ? "" : `; ${message}`;
  return { exit: EXIT.done, message: `upgraded from version ${from} to version ${to} (${binary})${note}` };
}

const LOOK_EVERY_MS = 20;
const OTHER = "cannot upgrade: the supervisor died meanwhile, and another one has begun without it; ask again";

interface Wait {
  /** The upgrade before this one. */
  readonly known: string | null;
  /** Since when there was the supervisor that was asked. */
  readonly since: string;
  readonly deadline: number;
}

async function waitUntilDecided(
  call: CommandCall,
  wait: Wait,
  signal: AbortSignal,
): Promise<UpgradeView | "late" | "over" | "other"> {
  while (!signal.aborted && performance.now() < wait.deadline) {
    const reply = await ask(call.place, { route: "version", name: null, patience: ANSWER_WITHIN, signal });
    // It is being replaced as long as somebody holds its lock.
    if (reply.tag === "refused" && reply.why === "not-running") return "over";
    const seen = reply.tag === "ok" ? reply.value : null;
    if (seen?.upgrade && seen.upgrade.at !== wait.known && seen.upgrade.result !== "begun") return seen.upgrade;
    // Another one that knows of no upgrade: guardian and supervisor died before anything came of it.
    if (seen !== null && seen.since !== wait.since && (seen.upgrade?.at ?? null) === wait.known) return "other";
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return "late";
}

function say({ given, world }: CommandCall, { exit, message, view }: Ending): number {
  if (exit !== EXIT.done) world.stderr.write(`${message}\n`);
  if (given.has("json"))
    world.stdout.write(
      `${JSON.stringify({ result: exit === EXIT.done ? "done" : "failed", message, upgrade: view })}\n`,
    );
  else if (exit === EXIT.done) world.stdout.write(`${message}\n`);
  return exit;
}
