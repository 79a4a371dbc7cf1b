/* What is wanted of the instances of a template, beside what its file says. Pure: names and numbers in, the wish out. */

/** As many numbered instances, and these by name; null: as many as the file says. */
export interface InstanceWish {
  readonly count: number | null;
  readonly names: readonly string[];
}

export type WishResult =
  | { readonly tag: "wish"; readonly template: string; readonly wish: InstanceWish }
  /** A clause: why that cannot be wanted. */
  | { readonly tag: "refused"; readonly template: string; readonly reason: string };

/** The parts of "web", "web@" (a template) or "web@x" (an instance). */
export function partsOf(name: string): { readonly template: string; readonly instance: string | null } {
  const at = name.indexOf("@");
  if (at === -1) return { template: name, instance: null };
  const instance = name.slice(at + 1);
  return { template: name.slice(0, at), instance: instance === "" ? null : instance };
}

/**
 * `scale NAME N`: N numbered instances of a template, or with null as many as its file says; those with names of their own stay.
 * NAME@x, with 0 or 1, is one of those.
 */
export function wishFor(name: string, count: number | null, before: InstanceWish): WishResult {
  const { template, instance } = partsOf(name);
  if (instance === null) return { tag: "wish", template, wish: { ...before, count } };
  if (count === null || count > 1)
    return { tag: "refused", template, reason: `it is one instance, want 0 or 1, or "${template}"` };
  const others = before.names.filter((each) => each !== instance);
  if (count === 1) return { tag: "wish", template, wish: { ...before, names: [...others, instance] } };
  if (before.names.includes(instance)) return { tag: "wish", template, wish: { ...before, names: others } };
  const reason = `it was not made by name, want "${template}" and the number of instances`;
  return { tag: "refused", template, reason };
}
