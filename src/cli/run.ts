import { ask, type Reply } from "../control/client.ts";
import type { AskAnswer } from "../control/protocol.ts";
import { EXIT } from "../core/exit-statuses.ts";
import type { LastExitView } from "../core/service-view.ts";
import { signalNumberOf } from "../core/signal-names.ts";
import { type Command, type CommandCall, JSON_OPTION, WAIT_OPTIONS } from "./command.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { PLACE_OPTIONS, programWordsOf } from "./find-supervisor.ts";
import { lastWordsOf } from "./last-words.ts";
import { readWaitOptions, type WaitWish } from "./read-wait-options.ts";
import { onOneLine } from "./render-text.ts";
import { waitFor } from "./watch-waiting.ts";
import { INTERRUPTED } from "./worst-exit.ts";

export const run: Command = {
  about: `Runs a oneshot now, whatever its schedule says, and waits for its end. The exit status
is that of the service itself, 128 + n if signal n has killed it; 1 if it has not run.
One that is at work already is waited for. An instance of a template that there is not
yet is made.`,
  options: { timeout: WAIT_OPTIONS.timeout, ...JSON_OPTION, ...PLACE_OPTIONS },
  operands: [{ shown: "NAME", kind: "oneshot", count: "one" }],
  examples: [
    { line: "daemonsup run backup", what: "wait for its end, and end as it does" },
    { line: "daemonsup run import@2026-11", what: "make this instance of import@.toml, and run it" },
  ],
  exits: {
    0: "it has succeeded",
    1: "it has failed, or has not run",
    other: "its own, 128 + n if signal n has killed it",
  },
  run: runNow,
};

async function runNow(call: CommandCall): Promise<number> {
  const { given, world, place } = call;
  const [name = ""] = given.operands;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") {
    world.stderr.write(`${wish.message}\n`);
    return EXIT.usage;
  }
  const before = await ask(place, { route: "service", name, patience: ANSWER_WITHIN });
  if (before.tag === "refused" && !(before.exit === EXIT.noSuchService && mayBeInstance(name))) {
    world.stderr.write(`${before.message.replace(/^cannot show /, "cannot run ")}\n`);
    return before.exit;
  }
  const service = before.tag === "refused" ? null : before.value;
  if (service !== null && service.type !== "oneshot") {
    const problem = `its type is "${service.type}", want "oneshot"; daemonsup start starts it`;
    world.stderr.write(`cannot run ${JSON.stringify(name)}: ${problem}\n`);
    return EXIT.usage;
  }
  if (service !== null && service.pid !== null)
    world.stderr.write(`${onOneLine(name)}: at work already (pid ${service.pid}), waiting for its end\n`);
  const began = world.now();
  const reply = await start(call, name, { ...wish, isNew: service === null });
  if (reply === null) return INTERRUPTED;
  const status = tell(call, { name, lastExit: service?.last_exit ?? null }, reply);
  if (status === EXIT.done || given.has("json")) return status;
  const words = await lastWordsOf(name, { place, since: began, program: programWordsOf(given) });
  for (const line of words) world.stderr.write(`${line}\n`);
  return status;
}

function mayBeInstance(name: string): boolean {
  return /^[^@]+@.+$/.test(name);
}

/** null: the user does not want to wait any longer. */
async function start(
  call: CommandCall,
  name: string,
  wish: WaitWish & { readonly isNew: boolean },
): Promise<Reply<AskAnswer> | null> {
  const waiting = { what: "run", names: [name], place: call.place, others: null };
  const { timeout, patience } = wish;
  // What is none must not be made only to find that out.
  const body = { wait: true, timeout, ...(wish.isNew && { type: "oneshot" }) };
  const question = { route: "start", name, body, patience } as const;
  return await waitFor(call.world, waiting, (signal) => ask(call.place, { ...question, signal }));
}

/** `before`: how it had ended before it was asked to run. */
function tell(
  { given, world }: CommandCall,
  before: { readonly name: string; readonly lastExit: LastExitView | null },
  reply: Reply<AskAnswer>,
): number {
  if (reply.tag === "refused") {
    world.stderr.write(`${reply.message.replace(/^cannot start /, "cannot run ")}\n`);
    return reply.exit;
  }
  const { result, message, service } = reply.value;
  if (given.has("json")) world.stdout.write(`${JSON.stringify({ name: before.name, ...reply.value })}\n`);
  const exit = service?.last_exit ?? null;
  const hasRun = exit !== null && exit.at !== before.lastExit?.at;
  if (hasRun && (result === "done" || result === "failed")) {
    const status = statusOf(exit);
    const text = `${onOneLine(before.name)}: ${onOneLine(exit.reason)}\n`;
    if (status !== EXIT.done) world.stderr.write(text);
    else if (!given.has("json")) world.stdout.write(text);
    return status;
  }
  const reason = message === null ? "it has not run" : onOneLine(message);
  world.stderr.write(`cannot run ${JSON.stringify(before.name)}: ${reason}\n`);
  return result === "timed-out" ? EXIT.timedOut : EXIT.failed;
}

/** As a shell would give it. */
function statusOf({ code, signal }: LastExitView): number {
  if (code !== null) return code;
  return signal === null ? EXIT.failed : 128 + signalNumberOf(signal);
}
