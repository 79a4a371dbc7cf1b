/**
 * The same function, which works once for each input and gives the same object for it from then on. For inputs that many
 * definitions share, as those are that come out of [defaults] and of the schema: neither is changed by anybody.
 */
export function remembered<Input extends object, Output>(make: (input: Input) => Output): (input: Input) => Output {
  const known = new WeakMap<Input, { readonly output: Output }>();
  return (input) => {
    const before = known.get(input);
    if (before !== undefined) return before.output;
    const output = make(input);
    known.set(input, { output });
    return output;
  };
}
