import type * as z from "zod/mini";
import { nearestOf } from "../core/nearest.ts";
import { problemResponse, quote } from "./problem.ts";

/** What a request said, or the answer that says why it is refused. */
export type Read<T> =
  { readonly tag: "ok"; readonly value: T } | { readonly tag: "refused"; readonly response: Response };

/** Which of the protocol's schemas a request is to fit. */
export type Choose<T> = (protocol: typeof import("./protocol.ts")) => z.ZodMiniType<T>;

/** Reads a JSON body; an empty one counts as {}. Never rejects. */
export async function readBody<T>(request: Request, choose: Choose<T>): Promise<Read<T>> {
  const text = await request.text();
  let raw: unknown;
  try {
    raw = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return refuse(problemResponse("bad-request", "cannot read the request: the body is not JSON"));
  }
  return await validate(raw, choose);
}

/** Reads the query of a request; a parameter given twice is refused. */
export async function readQuery<T>(parameters: URLSearchParams, choose: Choose<T>): Promise<Read<T>> {
  const keys = [...parameters.keys()];
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) {
    return refuse(problemResponse("bad-request", `cannot read the request: ${quote(twice)} is given twice`));
  }
  return await validate(Object.fromEntries(parameters), choose);
}

/** The answer to a query where none goes; null if there is none. */
export function refuseQuery(parameters: URLSearchParams): Response | null {
  const [first] = parameters.keys();
  if (first === undefined) return null;
  return problemResponse("bad-request", `cannot read the request: unknown member ${quote(first)}, want no query here`);
}

async function validate<T>(raw: unknown, choose: Choose<T>): Promise<Read<T>> {
  // The schemas are loaded once somebody says something: many supervisors are only ever asked how they are.
  const schema = choose(await import("./protocol.ts"));
  const result = schema.safeParse(raw);
  if (result.success) return { tag: "ok", value: result.data };
  const reasons = result.error.issues.map((issue) => {
    const where = issue.path.length === 0 ? "" : `"${issue.path.join(".")}": `;
    return `${where}${wordsOf(issue, keysOf(schema))}`;
  });
  return refuse(problemResponse("bad-request", `cannot read the request: ${reasons.slice(0, 5).join("; ")}`));
}

function wordsOf(issue: z.core.$ZodIssue, known: readonly string[]): string {
  if (issue.code !== "unrecognized_keys") return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  const unknown = issue.keys.slice(0, 5).map((key) => {
    const nearest = nearestOf(key, known);
    return `${quote(key)}${nearest === null ? "" : ` (did you mean "${nearest}"?)`}`;
  });
  const wanted = known.length === 0 ? "want none" : `want ${known.join(", ")}`;
  return `unknown member ${unknown.join(", ")}: ${wanted}`;
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  const { def } = schema._zod;
  return "shape" in def && typeof def.shape === "object" && def.shape !== null ? Object.keys(def.shape) : [];
}

function refuse(response: Response): { readonly tag: "refused"; readonly response: Response } {
  return { tag: "refused", response };
}
