import type { Span } from "./source-text.ts";

/** The way from the top of a document to one of its values. */
export type Path = readonly (string | number)[];

/** Values deeper than this are never pointed at; the schema has far fewer levels. */
export const MAX_PLACE_DEPTH = 40;

/** Where one value of a document stands. */
export interface Place {
  /** null for an element of an array and for the whole document. */
  readonly key: Span | null;
  readonly value: Span;
  /** true: a single value, not a table or an array. */
  readonly isLeaf: boolean;
}

/** Every value of a document by its path (as pathKeyOf writes it). */
export type PlaceIndex = ReadonlyMap<string, Place>;

export interface SyntaxFault {
  readonly span: Span;
  readonly reason: string;
}

/** What a text says. `places` is dear and asked for only when something has to be pointed at; it may lack entries. */
export type Parsed =
  | { readonly tag: "parsed"; readonly value: unknown; readonly places: () => PlaceIndex }
  | { readonly tag: "faulty"; readonly faults: readonly SyntaxFault[] };

/** A table as all formats give it; the checks before the schema make sure that it is a plain object. */
export type Table = Readonly<Record<string, unknown>>;

export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function pathKeyOf(path: Path): string {
  return JSON.stringify(path);
}

/** The path as a person writes it: stop.timeout, command[1]. */
export function dottedOf(path: Path): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}

/** The value at a path; undefined if there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (Array.isArray(current) && typeof part === "number") current = current[part];
    else if (isTable(current) && typeof part === "string" && Object.hasOwn(current, part)) current = current[part];
    else return undefined;
  }
  return current;
}

/** Where a path stands in the text; if just that is not known, the nearest thing around it, at last the beginning. */
export function placeOf(places: PlaceIndex, path: Path): Place {
  for (let length = path.length; length > 0; length--) {
    const place = places.get(pathKeyOf(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  return { key: null, value: { start: 0, end: 0 }, isLeaf: false };
}
