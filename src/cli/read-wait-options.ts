import { type Millis, millis } from "../core/units.ts";
import type { Arguments } from "./parse-arguments.ts";
import { parseTimeout, timeoutProblem } from "./parse-timeout.ts";

/** Whether and how long a command waits for what it has asked for. */
export interface WaitWish {
  readonly wait: boolean;
  /** null: until it is decided. */
  readonly timeout: Millis | null;
  /** How long the answer itself may take; null: for ever. */
  readonly patience: Millis | null;
}

export type ReadWait =
  | ({ readonly tag: "ok" } & WaitWish)
  /** `message` is a whole sentence of our grammar. */
  | { readonly tag: "usage"; readonly message: string };

/** How much longer than --timeout the answer itself may take, in milliseconds. */
const GRACE_MS = 5_000;
/** How long an answer may take that waits for nothing. */
const AT_ONCE = millis(10_000);

/** Reads --wait, --no-wait and --timeout. */
export function readWaitOptions(given: Arguments): ReadWait {
  const text = given.valueOf("timeout");
  const timeout = text === null ? null : parseTimeout(text);
  if (text !== null && timeout === null) return { tag: "usage", message: timeoutProblem("--timeout", text) };
  const wait = !given.has("no-wait");
  if (!wait && given.has("wait"))
    return { tag: "usage", message: 'cannot read "--wait": "--no-wait" is given as well' };
  if (!wait && timeout !== null)
    return { tag: "usage", message: 'cannot read "--timeout": with "--no-wait" there is nothing to wait for' };
  const patience = !wait ? AT_ONCE : timeout === null ? null : millis(timeout + GRACE_MS);
  return { tag: "ok", wait, timeout, patience };
}
