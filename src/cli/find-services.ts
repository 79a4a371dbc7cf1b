import { millis } from "../core/units.ts";

/** How long a question that needs no waiting may take, in milliseconds. */
export const ANSWER_WITHIN = millis(10_000);

/** false for what would mean another path as part of an address; no service has such a name. */
export function mayBeInAddress(word: string): boolean {
  return word !== "" && word !== "." && word !== "..";
}
