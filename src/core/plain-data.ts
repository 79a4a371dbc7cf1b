/* What can be written down and read back as it is. */

export type PlainData =
  null | boolean | number | string | readonly PlainData[] | { readonly [member: string]: PlainData };

/** A member of an object that is a number, else null: whoever wrote it down may have been another version. */
export function numberIn(data: PlainData | undefined, member: string): number | null {
  const value = memberIn(data, member);
  return typeof value === "number" ? value : null;
}

function memberIn(data: PlainData | undefined, member: string): PlainData | undefined {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  return isObject ? (data as Readonly<Record<string, PlainData>>)[member] : undefined;
}
