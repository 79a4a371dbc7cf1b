import type * as z from "zod/mini";
import { safeParse } from "zod/mini";
import { problemResponse } from "./problem.ts";

/** Most bytes of a request's body. */
export const MAX_BODY_BYTES = 16 * 1024;
/** How long a body may take to arrive after its headers, in milliseconds. */
const MAX_BODY_MS = 10_000;

/** What a request said, or the answer that says why it is refused. */
export type Read<T> =
  { readonly tag: "ok"; readonly value: T } | { readonly tag: "refused"; readonly response: Response };

/** Reads a JSON body; an empty one counts as {}. Never rejects. */
export async function readBody<T>(request: Request, schema: z.ZodMiniType<T>): Promise<Read<T>> {
  const text = await arrival(request);
  if (typeof text !== "string") return text;
  let raw: unknown;
  try {
    raw = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return refuse(problemResponse("bad-request", "cannot read the request: the body is not JSON"));
  }
  return validate(raw, schema);
}

/** Reads the query of a request; a parameter given twice is refused. */
export function readQuery<T>(parameters: URLSearchParams, schema: z.ZodMiniType<T>): Read<T> {
  const keys = [...parameters.keys()];
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) {
    return refuse(problemResponse("bad-request", `cannot read the request: "${twice}" is given twice`));
  }
  return validate(Object.fromEntries(parameters), schema);
}

async function arrival(request: Request): Promise<string | Read<never>> {
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), MAX_BODY_MS);
  try {
    const text = await Promise.race([request.text(), late.promise]);
    if (text === "late")
      return refuse(problemResponse("too-slow", "cannot read the request: the body did not arrive within 10s"));
    if (text.length > MAX_BODY_BYTES) return refuse(tooLarge());
    return text;
  } catch {
    // The runtime has cut a body that is too large, or the caller has gone: then nobody reads this.
    return refuse(tooLarge());
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(): Response {
  return problemResponse("too-large", `cannot read the request: the body has more than ${MAX_BODY_BYTES} bytes`);
}

function validate<T>(raw: unknown, schema: z.ZodMiniType<T>): Read<T> {
  const result = safeParse(schema, raw);
  if (result.success) return { tag: "ok", value: result.data };
  const reasons = result.error.issues.map((issue) => {
    const where = issue.path.length === 0 ? "" : `"${issue.path.join(".")}": `;
    return `${where}${wordsOf(issue)}`;
  });
  return refuse(problemResponse("bad-request", `cannot read the request: ${reasons.slice(0, 5).join("; ")}`));
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `unknown member ${issue.keys
      .slice(0, 5)
      .map((key) => JSON.stringify(key.slice(0, 100)))
      .join(", ")}`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

function refuse(response: Response): { readonly tag: "refused"; readonly response: Response } {
  return { tag: "refused", response };
}
