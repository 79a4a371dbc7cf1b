/* Someone who asks for this and that all the time, by the command line or over the socket. */
import { join } from "node:path";
import { BINARY, type TestPlace, run } from "../scenarios/test-supervisor.ts";
import type { Chance } from "./chance.ts";
import type { Member } from "./member.ts";

const VERBS = { start: 4, stop: 3, restart: 4, reload: 2, reset: 1, kill: 1, hangup: 1 } as const;
export type Verb = keyof typeof VERBS;

export interface Request {
  readonly verb: Verb;
  readonly member: Member;
  readonly byBinary: boolean;
  readonly wait: boolean;
}

export interface Answer {
  readonly request: Request;
  /** true: it was done, or promised. false: it is not known what will become of it. */
  readonly isPromised: boolean;
  /** true: there was nobody to ask. */
  readonly isUnheard: boolean;
  readonly text: string;
}

const NOBODY = 7;

export function drawRequest(members: readonly Member[], chance: Chance): Request {
  const verb = chance.weigh(VERBS);
  return { verb, member: chance.pick(members), byBinary: chance.falls(0.4), wait: chance.falls(0.5) };
}

/** What it is wanted to be once this is promised; "any": that depends on its state, null: as it was. */
export function wantOf({ verb }: Request): "up" | "down" | "any" | null {
  if (verb === "stop") return "down";
  if (verb === "reset") return "any";
  return verb === "start" || verb === "restart" ? "up" : null;
}

export async function ask(place: TestPlace, request: Request): Promise<Answer> {
  return request.byBinary ? await askByBinary(place, request) : await askBySocket(place, request);
}

async function askByBinary(place: TestPlace, request: Request): Promise<Answer> {
  const { verb, member, wait } = request;
  const { code, stdout, stderr } = await run(
    [BINARY, ...wordsOf(verb), ...(wait || isSignal(verb) ? [] : ["--no-wait"]), member.name],
    {
      DAEMONSUP_RUNTIME_DIR: place.runtime,
    },
  );
  return { request, isPromised: code === 0, isUnheard: code === NOBODY, text: `${code}: ${stdout}${stderr}`.trim() };
}

async function askBySocket(place: TestPlace, request: Request): Promise<Answer> {
  const { verb, member, wait } = request;
  const [word, body] = isSignal(verb) ? ["signal", { signal: signalOf(verb) }] : [verb, { wait }];
  try {
    const response = await fetch(`http://daemonsup/v1/services/${encodeURIComponent(member.name)}/${word}`, {
      unix: join(place.runtime, "control.sock"),
      method: "POST",
      // A connection that is kept would be a descriptor of the supervisor's.
      keepalive: false,
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const isPromised = response.ok && (JSON.parse(text) as { result: string }).result === "done";
    return { request, isPromised, isUnheard: false, text };
  } catch (error) {
    return { request, isPromised: false, isUnheard: false, text: String(error) };
  }
}

function isSignal(verb: Verb): boolean {
  return verb === "kill" || verb === "hangup";
}

function signalOf(verb: Verb): string {
  return verb === "kill" ? "SIGKILL" : "SIGHUP";
}

function wordsOf(verb: Verb): readonly string[] {
  return isSignal(verb) ? ["signal", signalOf(verb)] : [verb];
}
