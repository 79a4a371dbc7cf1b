import * as z from "zod";
import { LIMIT_NAMES, type Limit, type LimitName } from "../core/definition.ts";
import { keyOf } from "./key-meta.ts";
import { parseSize, suggestSize } from "./quantities.ts";
import { fail } from "./schema-parts.ts";
import { wanted } from "./want.ts";

/** What each limit counts; the number in brackets of setrlimit(2). */
const COUNTS: Readonly<Record<LimitName, "descriptors" | "processes" | "bytes" | "seconds">> = {
  nofile: "descriptors",
  nproc: "processes",
  core: "bytes",
  as: "bytes",
  fsize: "bytes",
  memlock: "bytes",
  stack: "bytes",
  cpu: "seconds",
  data: "bytes",
};

/** The kernel takes no more open descriptors than this (the greatest value of fs.nr_open on 64 bits). */
const MAX_DESCRIPTORS = 1_073_741_816;

/** [limits]: setrlimit(2). A single value is both the soft and the hard limit. */
export const limitsSchema = z.strictObject(limitKeys(), { error: "a table" });

function limitKeys(): Record<LimitName, z.ZodOptional<z.ZodType<Limit, unknown>>> {
  const keys = LIMIT_NAMES.map((name): [LimitName, z.ZodOptional<z.ZodType<Limit, unknown>>] => {
    const facts = {
      description: `RLIMIT_${name.toUpperCase()}, in ${COUNTS[name]}`,
      live: false,
      limit: limitWordsOf(name),
    };
    return [name, keyOf(limitOf(name).optional(), facts)];
  });
  return Object.fromEntries(keys) as Record<LimitName, z.ZodOptional<z.ZodType<Limit, unknown>>>;
}

function limitWordsOf(name: LimitName): string {
  return name === "nofile" ? String(MAX_DESCRIPTORS) : "2^53 - 1, or unlimited";
}

function limitOf(name: LimitName): z.ZodType<Limit, unknown> {
  const both = amountOf(name).transform((amount) => ({ soft: amount, hard: amount }));
  const pair = z.strictObject({ soft: amountOf(name), hard: amountOf(name) }).transform((limit, context) => {
    return limit.soft <= limit.hard ? limit : fail(context, limit, "a soft limit that is not above the hard one");
  });
  return z.union([both, pair], { error: `${wantOf(name)}, or a table, like { soft = 1024, hard = 4096 }` });
}

function amountOf(name: LimitName): z.ZodType<number, unknown> {
  return z.union([z.number(), z.string()], { error: wantOf(name) }).transform((input, context) => {
    const amount =
      typeof input === "number" ? input : input === "unlimited" ? Number.POSITIVE_INFINITY : bytesOf(name, input);
    if (amount !== null && isAmount(name, amount, input)) return amount;
    return fail(
      context,
      input,
      wanted(wantOf(name), COUNTS[name] === "bytes" && typeof input === "string" ? suggestSize(input) : null),
    );
  });
}

function bytesOf(name: LimitName, input: string): number | null {
  return COUNTS[name] === "bytes" ? parseSize(input) : null;
}

function isAmount(name: LimitName, amount: number, input: unknown): boolean {
  if (name === "nofile") return Number.isInteger(amount) && amount >= 0 && amount <= MAX_DESCRIPTORS;
  return amount === Number.POSITIVE_INFINITY ? input === "unlimited" : Number.isSafeInteger(amount) && amount >= 0;
}

function wantOf(name: LimitName): string {
  switch (COUNTS[name]) {
    case "descriptors":
      return `a number of ${COUNTS[name]} up to ${MAX_DESCRIPTORS}`;
    case "bytes":
      return `a number of bytes, a size, like "64MiB", or "unlimited"`;
    case "processes":
    case "seconds":
      return `a number of ${COUNTS[name]} or "unlimited"`;
  }
}
