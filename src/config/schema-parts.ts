import * as z from "zod";
import { parseSignalName, SIGNAL_NAMES, type SignalName } from "../core/signal-names.ts";
import type { Millis } from "../core/units.ts";
import { parseDuration, parseSize, suggestDuration, suggestSize } from "./quantities.ts";
import { listOf, suggestNearest, wanted } from "./want.ts";

/** Longest path that Linux takes (PATH_MAX less its NUL). */
const MAX_PATH = 4095;
/** Longest argument or environment entry that execve takes (MAX_ARG_STRLEN less its NUL). */
export const MAX_ARGUMENT = 131_071;
/** Longest user or group name (LOGIN_NAME_MAX less its NUL). */
const MAX_ACCOUNT = 255;
/** All exit codes and all signals at once. */
const MAX_EXITS = 256 + SIGNAL_NAMES.length;

/** Text without NUL bytes, of 1 to `max` characters. */
export function text(want: string, max: number): z.ZodType<string, string> {
  return z.string({ error: want }).refine((value) => value.length > 0 && value.length <= max && !value.includes("\0"), {
    error: (issue) =>
      String(issue.input).includes("\0") ? `${want} without NUL characters` : `${want} of 1 to ${max} characters`,
  });
}

export function path(want: string): z.ZodType<string, string> {
  return text(want, MAX_PATH);
}

export function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodType<Values[number], Values[number]> {
  return z.enum(values, {
    error: ({ input }) =>
      wanted(values.length === 1 ? listOf(values) : `one of ${listOf(values)}`, suggestNearest(input, values)),
  });
}

export function flag(): z.ZodType<boolean, boolean> {
  return z.boolean({ error: ({ input }) => wanted("true or false", suggestFlag(input)) });
}

export function wholeNumber(least: number, most: number): z.ZodType<number, number> {
  const error = (): string => `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** A length of time from `least` to `most`, both written as a definition would write them. */
export function duration(most: string, least = "0ms"): z.ZodType<Millis, string> {
  const [lower, upper] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  const want = `a number with a unit, like "10s"`;
  return z.string({ error: ({ input }) => wanted(want, suggestDuration(input)) }).transform((input, context) => {
    const value = parseDuration(input);
    if (value === null) return fail(context, input, wanted(want, suggestDuration(input)));
    if (value > upper) return fail(context, input, `at most "${most}"`);
    return value < lower ? fail(context, input, `at least "${least}"`) : value;
  });
}

/** A number of bytes from `least` to `most`, both written as a definition would write them. */
export function size(least: string, most: string): z.ZodType<number, string> {
  const [lower, upper] = [parseSize(least) ?? 0, parseSize(most) ?? 0];
  const want = `a number with a unit, like "64KiB" or "10MiB"`;
  return z.string({ error: ({ input }) => wanted(want, suggestSize(input)) }).transform((input, context) => {
    const value = parseSize(input);
    if (value !== null && value >= lower && value <= upper) return value;
    return fail(context, input, value === null ? wanted(want, suggestSize(input)) : `"${least}" to "${most}"`);
  });
}

/** Octal digits in quotes, up to `most`. */
export function octal(most: number, example: string): z.ZodType<number, string> {
  const error = (): string => `octal digits in quotes, like "${example}"`;
  return z
    .string({ error })
    .regex(/^[0-7]{1,4}$/, { error })
    .transform((digits) => Number.parseInt(digits, 8))
    .refine((value) => value <= most, { error: `an octal number up to ${most.toString(8)}` });
}

/** The name of a user or group; whether there is one is asked of the machine, later. */
export function account(kind: "user" | "group"): z.ZodType<string, string> {
  const want = `the name of a ${kind}`;
  return z
    .string({ error: want })
    .regex(new RegExp(`^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,${MAX_ACCOUNT - 1}}\\$?$`), { error: want });
}

export function signal(): z.ZodType<SignalName, string> {
  const want = `the name of a signal, like "SIGTERM"`;
  return z.string({ error: want }).transform((input, context) => {
    const name = /^[0-9]/.test(input) ? null : parseSignalName(input);
    return name ?? fail(context, input, wanted(want, suggestSignal(input)));
  });
}

/** Exit codes and names of signals, as `success` and `prevent` have them. */
export function exits(): z.ZodType<(number | SignalName)[], (number | string)[]> {
  const want = `an exit code from 0 to 255 or the name of a signal`;
  const code = z.int({ error: want }).min(0, { error: want }).max(255, { error: want });
  return z
    .array(z.union([code, signal()], { error: want }), { error: `a list, like [0, "SIGTERM"]` })
    .max(MAX_EXITS, `at most ${MAX_EXITS}`);
}

/** Reports from inside a transformation that the input is not what is wanted. */
export function fail(context: z.RefinementCtx, input: unknown, message: string): never {
  context.issues.push({ code: "custom", message, input });
  return z.NEVER;
}

function suggestSignal(input: string): string | null {
  const full = /^sig/i.test(input) ? input : `SIG${input}`;
  return suggestNearest(full, SIGNAL_NAMES);
}

function suggestFlag(input: unknown): string | null {
  const text = String(input).toLowerCase();
  if (["yes", "on", "true", "1"].includes(text)) return "did you mean true?";
  return ["no", "off", "false", "0"].includes(text) ? "did you mean false?" : null;
}
