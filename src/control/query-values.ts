import * as z from "zod/mini";

/* What stands in a query, which is text, and what is meant. */

/** A whole number in a query. */
export const wholeNumber = (least: number, most: number) =>
  z.pipe(
    z.pipe(
      z.string().check(z.regex(/^[0-9]{1,9}$/, "must be a whole number")),
      z.transform((text) => Number(text)),
    ),
    z.int().check(z.minimum(least), z.maximum(most)),
  );

const YES_OR_NO = ["true", "false", "1", "0", ""] as const;

/** Yes if it is there at all, unless it says no. */
export const yesOrNo = z.pipe(
  z.enum(YES_OR_NO),
  z.pipe(
    z.transform((text: (typeof YES_OR_NO)[number]) => text !== "false" && text !== "0"),
    z.boolean(),
  ),
);
