/** Stands where the compiler has proved that nothing can arrive; a value that does is a bug of ours. */
export function unreachable(value: never): never {
  throw new Error(`internal error: unexpected ${JSON.stringify(value)}`);
}
