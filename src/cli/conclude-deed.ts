import type { Verb } from "../control/control-port.ts";
import type { ActLine } from "../control/protocol.ts";
import type { CommandCall } from "./command.ts";
import { programWordsOf } from "./find-supervisor.ts";
import { lastWordsOf } from "./last-words.ts";
import { watchYoungRun } from "./young-run.ts";

/** What is asked for each of several services. */
export interface Deed {
  readonly verb: Verb | "signal";
  /** What it is called once it has happened: "started". */
  readonly past: string;
  /** Set for a signal only. */
  readonly signal: string | null;
}

/** What became of one service, or of a name that means none. */
export type Decision = ActLine & { readonly result: Exclude<ActLine["result"], "asked"> };

/** Of more services than these at once none is looked at any longer than the supervisor does. */
const MOST_YOUNG = 16;

export interface Telling {
  readonly call: CommandCall;
  readonly deed: Deed;
  readonly isWaiting: boolean;
  /** When the command began, in milliseconds since 1970. */
  readonly began: number;
}

interface CountedTelling extends Telling {
  /** How many services it is about. */
  readonly count: number;
}

export interface Conclusion {
  readonly decision: Decision;
  /** What the service has said that could not be started. */
  readonly words: readonly string[];
}

/** What really came of a start, and what was said before it failed; anything else is as the supervisor tells it. */
export async function concludeDeed(line: Decision, telling: CountedTelling): Promise<Conclusion> {
  const { verb } = telling.deed;
  if (verb !== "start" && verb !== "restart") return { decision: line, words: [] };
  const decision = await confirmed(line, telling);
  return { decision, words: await lastWordsBefore(decision, telling) };
}

/** What is started may end at once: then it has not been started. */
async function confirmed(line: Decision, { call: { place }, isWaiting, count }: CountedTelling): Promise<Decision> {
  if (!isWaiting || count > MOST_YOUNG || line.result !== "done" || line.service === null) return line;
  const young = await watchYoungRun(place, line.service);
  if (young.tag === "runs" || young.service.state === "done") return line;
  const rest = young.service.state === "failed" ? "" : "; it will be tried again";
  return { ...line, result: "failed", message: `${young.reason}${rest}`, service: young.service };
}

/** What a service has said that could not be started. */
async function lastWordsBefore(decision: Decision, { call, began }: Telling): Promise<readonly string[]> {
  const { given, place } = call;
  const isFailure = decision.result === "failed" || decision.result === "timed-out";
  if (!isFailure || given.has("json")) return [];
  return await lastWordsOf(decision.name, { place, since: began, program: programWordsOf(given) });
}

export function isDecided(line: ActLine): line is Decision {
  return line.result !== "asked";
}
