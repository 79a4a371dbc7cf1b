import { constants } from "node:os";

// Some numbers have two names, and the usual one comes first: EAGAIN before EWOULDBLOCK.
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .map(([name, number]) => [number, name] as const)
    .toReversed(),
);

/** "ENOENT" for 2, "EAGAIN" for 11; "errno 999" for a number that has no name. */
export function errnoNameOf(number: number): string {
  return NAMES.get(number) ?? `errno ${number}`;
}
