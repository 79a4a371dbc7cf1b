import { nearestNameOf } from "../core/nearest.ts";
import { COMMANDS } from "./commands.ts";

/** The command that a mistyped or unfinished name was most likely meant to be, or null. */
export function nearestCommandOf(text: string): string | null {
  return nearestNameOf(text, Object.keys(COMMANDS));
}
