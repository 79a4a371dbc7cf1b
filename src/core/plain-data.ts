/* What can be written down and read back as it is. */

export type PlainData =
  null | boolean | number | string | readonly PlainData[] | { readonly [member: string]: PlainData };

/** A member of an object that is a number, else null: whoever wrote it down may have been another version. */
export function numberIn(data: PlainData | undefined, member: string): number | null {
  const value = memberIn(data, member);
  return typeof value === "number" ? value : null;
}

/** The same for a text. */
export function textIn(data: PlainData | undefined, member: string): string | null {
  const value = memberIn(data, member);
  return typeof value === "string" ? value : null;
}

export function isTrueIn(data: PlainData | undefined, member: string): boolean {
  return memberIn(data, member) === true;
}

/** A member of an object; undefined if it is none, or has no such member. */
export function memberIn(data: PlainData | undefined, member: string): PlainData | undefined {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  return isObject ? (data as Readonly<Record<string, PlainData>>)[member] : undefined;
}
