import { ask, type Refusal } from "../control/client.ts";
import { isPattern } from "../core/name-pattern.ts";
import { millis } from "../core/units.ts";
import type { CommandCall } from "./command.ts";
import { type Selection, selectServices } from "../control/select-services.ts";

/** How long a question that needs no waiting may take, in milliseconds. */
export const ANSWER_WITHIN = millis(10_000);

/** Finds the services that the words mean; asks for the list of all only if a glob makes it necessary. */
export async function findServices(words: readonly string[], call: CommandCall): Promise<Selection | Refusal> {
  if (words.every((word) => !isPattern(word) && mayBeInAddress(word)))
    return { names: [...new Set(words)], unknown: [] };
  const reply = await ask(call.place, { route: "services", name: null, patience: ANSWER_WITHIN });
  if (reply.tag === "refused") return reply;
  return selectServices(
    words,
    reply.value.map((service) => service.name),
  );
}

/** false for what would mean another path as part of an address; no service has such a name. */
export function mayBeInAddress(word: string): boolean {
  return word !== "" && word !== "." && word !== "..";
}
