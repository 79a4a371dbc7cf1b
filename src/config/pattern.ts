import type * as z from "zod";
import { fail, text } from "./schema-parts.ts";

/** Longest regular expression, in characters. */
export const MAX_PATTERN = 1000;

/** A regular expression, as JavaScript has them (with the flag "u"). */
export function pattern(): z.ZodType<string, string> {
  return text("a regular expression", MAX_PATTERN).transform((input, context) => {
    try {
      RegExp(input, "u");
      return input;
    } catch {
      return fail(context, input, `a regular expression as JavaScript has them (with the flag "u")`);
    }
  });
}
