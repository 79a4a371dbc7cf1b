import { ask, type Reply } from "../control/client.ts";
import type { Verb } from "../control/control-port.ts";
import type { AskAnswer } from "../control/protocol.ts";
import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import type { CommandCall } from "./command.ts";
import { ANSWER_WITHIN, findServices } from "./find-services.ts";
import { readWaitOptions } from "./read-wait-options.ts";
import { renderAnswer } from "./render-answer.ts";
import { watchWaiting } from "./watch-waiting.ts";
import { INTERRUPTED, worstExitOf } from "./worst-exit.ts";

/** What is asked for each of several services. */
export interface Deed {
  readonly verb: Verb | "signal";
  /** What it is called once it has happened: "started". */
  readonly past: string;
  /** Set for a signal only. */
  readonly signal: string | null;
}

/** How each result ends the command. */
const EXIT_OF: Readonly<Record<AskAnswer["result"], ExitStatus>> = {
  done: EXIT.done,
  failed: EXIT.failed,
  overtaken: EXIT.failed,
  "timed-out": EXIT.timedOut,
};

interface Result {
  readonly name: string;
  readonly reply: Reply<AskAnswer>;
}

/** Does something to every service that the words mean, to all at the same time, and says of each what came of it. */
export async function actOnServices(call: CommandCall, deed: Deed, words: readonly string[]): Promise<number> {
  const { given, world } = call;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") {
    world.stderr.write(`${wish.message}\n`);
    return EXIT.usage;
  }
  const selection = await findServices(words, call);
  if ("tag" in selection) {
    world.stderr.write(`${selection.message}\n`);
    return selection.exit;
  }
  for (const { word, reason } of selection.unknown)
    world.stderr.write(`cannot ${deed.verb} ${JSON.stringify(word)}: ${reason}\n`);
  const isWaiting = wish.wait && deed.signal === null;
  const body = deed.signal === null ? { wait: isWaiting, timeout: wish.timeout } : { signal: deed.signal };
  const patience = deed.signal === null ? wish.patience : ANSWER_WITHIN;
  using waiting = watchWaiting(world, { what: deed.verb, names: selection.names, place: call.place });
  const said = new Set<string>();
  const results = await Promise.all(
    selection.names.map(async (name): Promise<Result> => {
      const reply = await ask(call.place, { route: deed.verb, name, body, patience, signal: waiting.signal });
      waiting.settle(name);
      say({ name, reply }, { call, deed, said, isWaiting });
      return { name, reply };
    }),
  );
  if (given.has("json")) world.stdout.write(`${JSON.stringify(results.map(jsonOf))}\n`);
  if (waiting.signal.aborted) return INTERRUPTED;
  const statuses = results.map(({ reply }) => (reply.tag === "ok" ? EXIT_OF[reply.value.result] : reply.exit));
  return worstExitOf(selection.unknown.length > 0 ? [...statuses, EXIT.noSuchService] : statuses);
}

interface Telling {
  readonly call: CommandCall;
  readonly deed: Deed;
  /** What was said already: a supervisor that is away is not said to be so once for each service. */
  readonly said: Set<string>;
  readonly isWaiting: boolean;
}

function say({ name, reply }: Result, { call, deed, said, isWaiting }: Telling): void {
  const { given, world } = call;
  if (reply.tag === "refused") {
    if (reply.why !== "aborted" && !said.has(reply.message)) world.stderr.write(`${reply.message}\n`);
    said.add(reply.message);
    return;
  }
  const past = deed.signal === null && !isWaiting ? `${deed.verb} asked for` : deed.past;
  const text = renderAnswer(reply.value, { name, verb: deed.verb, past });
  if (reply.value.result !== "done") world.stderr.write(`${text}\n`);
  else if (!given.has("json")) world.stdout.write(`${text}\n`);
}

function jsonOf({ name, reply }: Result): object {
  if (reply.tag === "ok") return { name, ...reply.value };
  return { name, result: "refused", message: reply.message, service: null };
}
