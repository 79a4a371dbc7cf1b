import { compileProgram } from "../compile-program.ts";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";

const notifier = compileProgram("notifier");

/** true: what says things over NOTIFY_SOCKET cannot be compiled here. */
export const needsNotifier: boolean =
  skipReason("services that say how they are", [[notifier !== null, "there is no C compiler"]]) !== null;

/** A definition of a program that does this in turn, as the program itself describes; `more` is TOML that follows. */
export function saying(actions: readonly string[], more = "[ready]\nnotify = true"): string {
  return program([notifier ?? "", ...actions], more);
}

/** The same as words of a shell. */
export function notifierWords(...actions: readonly string[]): string {
  return [notifier ?? "", ...actions].map((word) => `'${word}'`).join(" ");
}
