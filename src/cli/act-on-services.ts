import { askEach, brokenOff, type Refusal } from "../control/client.ts";
import { newRequestIdentity } from "../control/request-identity.ts";
import { EXIT, type ExitStatus } from "../core/exit-statuses.ts";
import type { ServiceView } from "../core/service-view.ts";
import type { CommandCall } from "./command.ts";
import { concludeDeed, type Decision, type Deed, isDecided, type Telling } from "./conclude-deed.ts";
import { ANSWER_WITHIN } from "./find-services.ts";
import { readWaitOptions } from "./read-wait-options.ts";
import { renderAnswer } from "./render-answer.ts";
import { watchWaiting } from "./watch-waiting.ts";
import { INTERRUPTED, worstExitOf } from "./worst-exit.ts";

/** How each result ends the command. */
const EXIT_OF: Readonly<Record<Decision["result"], ExitStatus>> = {
  done: EXIT.done,
  failed: EXIT.failed,
  overtaken: EXIT.failed,
  "timed-out": EXIT.timedOut,
  "no-such-service": EXIT.noSuchService,
};

/** Does something to every service that the words mean, in one request, and says of each what came of it. */
export async function actOnServices(call: CommandCall, deed: Deed, words: readonly string[]): Promise<number> {
  const { given, world, place } = call;
  const wish = readWaitOptions(given);
  if (wish.tag === "usage") {
    world.stderr.write(`${wish.message}\n`);
    return EXIT.usage;
  }
  const { verb, signal } = deed;
  const isWaiting = wish.wait && signal === null;
  using waiting = watchWaiting(world, { what: verb, names: [], place, others: null });
  const decisions = new Map<string, Decision | null>();
  const telling: Telling = { call, deed, isWaiting, began: world.now() };
  const told: Promise<void>[] = [];
  const decided = new Set<string>();
  async function conclude(line: Decision): Promise<void> {
    const { decision, words } = await concludeDeed(line, { ...telling, count: decisions.size });
    decisions.set(decision.name, decision);
    waiting.settle(decision.name);
    waiting.above(() => say(decision, words, telling));
  }
  const refusal = await askEach(
    place,
    {
      route: "act",
      name: null,
      body: { verb, services: words, wait: isWaiting, timeout: wish.timeout, signal },
      patience: signal === null ? wish.patience : ANSWER_WITHIN,
      signal: waiting.signal,
      identity: newRequestIdentity(),
    },
    {
      take(line) {
        if (!decisions.has(line.name)) decisions.set(line.name, null);
        if (!isDecided(line)) {
          waiting.add(line.name);
          return false;
        }
        if (!decided.has(line.name)) told.push(conclude(line));
        decided.add(line.name);
        // All that are asked are told of first, and a word that means none by itself is decided at once.
        return decided.size === decisions.size && decisions.size >= words.length;
      },
      // Each word is answered, be it that it means nothing.
      isWhole: () => decisions.size > 0 && [...decisions.keys()].every((name) => decided.has(name)),
    },
  );
  await Promise.all(told);
  // What is said from here on is not to be drawn over.
  waiting[Symbol.dispose]();
  if (given.has("json") && decisions.size > 0)
    world.stdout.write(`${JSON.stringify([...decisions].map(([name, decision]) => jsonOf(name, decision)))}\n`);
  if (waiting.signal.aborted) return INTERRUPTED;
  const isWhole = [...decisions.values()].every((decision) => decision !== null);
  const broken = refusal ?? (isWhole ? null : brokenOff(place, "it was closed"));
  if (broken !== null) world.stderr.write(`${broken.message}\n`);
  return worstExitOf(statusesOf(decisions, broken));
}

function statusesOf(decisions: ReadonlyMap<string, Decision | null>, refusal: Refusal | null): readonly ExitStatus[] {
  const statuses = [...decisions.values()].flatMap((decision) => (decision === null ? [] : [EXIT_OF[decision.result]]));
  return refusal === null ? statuses : [...statuses, refusal.exit];
}

function say({ name, result, message, service }: Decision, words: readonly string[], telling: Telling): void {
  const { call, deed, isWaiting } = telling;
  const { given, world } = call;
  if (result === "no-such-service") {
    world.stderr.write(`cannot ${deed.verb} ${JSON.stringify(name)}: ${message ?? "no such service"}\n`);
    return;
  }
  const past = wasSo(service, telling) ?? (deed.signal === null && !isWaiting ? `${deed.verb} asked for` : deed.past);
  const text = renderAnswer({ result, message, service }, { name, verb: deed.verb, past });
  if (result !== "done") world.stderr.write([text, ...words, ""].join("\n"));
  else if (!given.has("json")) world.stdout.write(`${text}\n`);
}

/** What is said of a service that was before the command as the command would have it; null: it was not. */
function wasSo(service: ServiceView | null, { deed, began }: Telling): string | null {
  if (service === null || Date.parse(service.since) >= began) return null;
  if (deed.verb === "start" && service.state === "up") return "up already";
  return deed.verb === "stop" && service.state === "down" ? "down already" : null;
}

function jsonOf(name: string, decision: Decision | null): object {
  return decision ?? { name, result: "unknown", message: "the answer did not come", service: null };
}
