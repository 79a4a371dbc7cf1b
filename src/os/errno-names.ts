import { constants } from "node:os";

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** "ENOENT" for 2; "errno 999" for a number that has no name. */
export function errnoNameOf(number: number): string {
  return NAMES.get(number) ?? `errno ${number}`;
}
