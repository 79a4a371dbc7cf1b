import { judge, type Notation } from "./judge-shape.ts";
import { problemResponse, quote } from "./problem.ts";
import type { ObjectShape, ValueOf } from "./shape.ts";

/** What a request said, or the answer that says why it is refused. */
export type Read<T> =
  { readonly tag: "ok"; readonly value: T } | { readonly tag: "refused"; readonly response: Response };

/** An answer names so many things that are wrong. */
const MOST_REASONS = 5;

/** Reads a JSON body; an empty one counts as {}. Never rejects. */
export async function readBody<S extends ObjectShape>(request: Request, shape: S): Promise<Read<ValueOf<S>>> {
  const text = await request.text();
  let raw: unknown;
  try {
    raw = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return refuse("the body is not JSON");
  }
  return read(shape, raw, "json");
}

/** Reads the query of a request; a parameter given twice is refused. */
export function readQuery<S extends ObjectShape>(parameters: URLSearchParams, shape: S): Read<ValueOf<S>> {
  const keys = [...parameters.keys()];
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) return refuse(`${quote(twice)} is given twice`);
  return read(shape, Object.fromEntries(parameters), "query");
}

/** The answer to a query where none goes; null if there is none. */
export function refuseQuery(parameters: URLSearchParams): Response | null {
  const [first] = parameters.keys();
  return first === undefined ? null : refuse(`unknown member ${quote(first)}, want no query here`).response;
}

function read<S extends ObjectShape>(shape: S, raw: unknown, notation: Notation): Read<ValueOf<S>> {
  const judgement = judge(shape, raw, notation);
  return judgement.tag === "ok" ? judgement : refuse(judgement.reasons.slice(0, MOST_REASONS).join("; "));
}

function refuse(reason: string): { readonly tag: "refused"; readonly response: Response } {
  return { tag: "refused", response: problemResponse("bad-request", `cannot read the request: ${reason}`) };
}
