import type { SupervisorPlace } from "../control/client.ts";
import { lookAtOutput } from "./look-at-services.ts";
import { onOneLine } from "./render-text.ts";

export interface LastWordsOptions {
  readonly place: SupervisorPlace;
  /** Only what was said since then counts, in milliseconds since 1970. */
  readonly since: number;
  /** How this supervisor is spoken to: "daemonsup", "daemonsup --name x". */
  readonly program: string;
}

/** More lines than these are left to `logs`. */
const MOST_LINES = 10;

/** What a service has said before it failed, as lines below the message that says so; none if it said nothing. */
export async function lastWordsOf(name: string, options: LastWordsOptions): Promise<readonly string[]> {
  const { place, since, program } = options;
  const found = await lookAtOutput(place, name, MOST_LINES + 1);
  const said = found.filter(({ at }) => Date.parse(at) >= since).map(({ text }) => `  ${onOneLine(text)}`);
  if (said.length <= MOST_LINES) return said;
  return [...said.slice(-MOST_LINES), `  (these are the last lines; all: ${program} logs ${name})`];
}
