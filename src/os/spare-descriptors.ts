/*
 * Descriptors that are held back for the moment when there are none left. What has to be done then all the same, such as
 * looking who is left of a service that has ended, is done with one of them.
 */
import { closeSync, openSync } from "node:fs";

/** As many as are needed at the same time, and some that stay with those who needed them. */
const MOST = 4;
const held: number[] = [];
let isHolding = false;

/** From now on some descriptors are held back. */
export function holdSpareDescriptors(): void {
  isHolding = true;
  refill();
}

/** Runs `act`. If it throws because there is no descriptor left, it is run once more with the spare ones let go. */
export function withSpareDescriptors<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!isShortage(error) || !releaseSpareDescriptors()) throw error;
    return act();
  } finally {
    refill();
  }
}

/** Lets the spare ones go, until somebody has used them; false if there are none. */
export function releaseSpareDescriptors(): boolean {
  const spare = held.splice(0);
  for (const fd of spare) closeSync(fd);
  return spare.length > 0;
}

function isShortage(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE");
}

function refill(): void {
  if (!isHolding) return;
  try {
    while (held.length < MOST) held.push(openSync("/dev/null", "r"));
  } catch {
    // There are none at the moment; the next one who needs some tries again.
  }
}
