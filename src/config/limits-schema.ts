import * as z from "zod";
import { LIMIT_NAMES, type Limit, type LimitName } from "../core/definition.ts";
import { keyOf } from "./key-meta.ts";
import { parseSize, suggestSize } from "./quantities.ts";
import { fail } from "./schema-parts.ts";
import { wanted } from "./want.ts";

type Counted = "descriptors" | "processes" | "bytes" | "seconds";

/** What each limit counts; the number in brackets of setrlimit(2). */
const COUNTS: Readonly<Record<LimitName, Counted>> = {
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

/** A line for each, for the documentation. */
const EXAMPLES: Readonly<Record<LimitName, string>> = {
  nofile: "nofile = { soft = 1024, hard = 65536 }",
  nproc: "nproc = 512",
  core: 'core = "unlimited"',
  as: 'as = "2GiB"',
  fsize: 'fsize = "1GiB"',
  memlock: 'memlock = "64KiB"',
  stack: 'stack = "8MiB"',
  cpu: "cpu = 3600",
  data: 'data = "512MiB"',
};

/** The kernel takes no more open descriptors than this (the greatest value of fs.nr_open on 64 bits). */
const MAX_DESCRIPTORS = 1_073_741_816;

/** [limits]: setrlimit(2). A single value is both the soft and the hard limit. */
export const limitsSchema = z.strictObject(limitKeys(), { error: "a table" });

function limitKeys(): Record<LimitName, z.ZodOptional<z.ZodType<Limit, unknown>>> {
  // One schema serves all limits that count the same: to build them is a good part of what reading definitions costs.
  const schemas = new Map<Counted, z.ZodType<Limit, unknown>>();
  for (const counted of Object.values(COUNTS)) if (!schemas.has(counted)) schemas.set(counted, limitOf(counted));
  const keys = LIMIT_NAMES.map((name): [LimitName, z.ZodOptional<z.ZodType<Limit, unknown>>] => {
    const facts = {
      description: `RLIMIT_${name.toUpperCase()}, in ${COUNTS[name]}`,
      live: false,
      limit: limitWordsOf(name),
      initial: name === "nofile" ? "soft 1024, hard as the supervisor's" : "as the supervisor's",
      example: EXAMPLES[name],
    };
    return [name, keyOf((schemas.get(COUNTS[name]) ?? limitOf(COUNTS[name])).optional(), facts)];
  });
  return Object.fromEntries(keys) as Record<LimitName, z.ZodOptional<z.ZodType<Limit, unknown>>>;
}

function limitWordsOf(name: LimitName): string {
  return name === "nofile" ? String(MAX_DESCRIPTORS) : "2^53 - 1, or unlimited";
}

function limitOf(counted: Counted): z.ZodType<Limit, unknown> {
  const both = amountOf(counted).transform((amount) => ({ soft: amount, hard: amount }));
  const pair = z.strictObject({ soft: amountOf(counted), hard: amountOf(counted) }).transform((limit, context) => {
    return limit.soft <= limit.hard ? limit : fail(context, limit, "a soft limit that is not above the hard one");
  });
  return z.union([both, pair], { error: `${wantOf(counted)}, or a table, like { soft = 1024, hard = 4096 }` });
}

function amountOf(counted: Counted): z.ZodType<number, unknown> {
  return z.union([z.number(), z.string()], { error: wantOf(counted) }).transform((input, context) => {
    const amount =
      typeof input === "number" ? input : input === "unlimited" ? Number.POSITIVE_INFINITY : bytesOf(counted, input);
    if (amount !== null && isAmount(counted, amount, input)) return amount;
    return fail(
      context,
      input,
      wanted(wantOf(counted), counted === "bytes" && typeof input === "string" ? suggestSize(input) : null),
    );
  });
}

function bytesOf(counted: Counted, input: string): number | null {
  return counted === "bytes" ? parseSize(input) : null;
}

function isAmount(counted: Counted, amount: number, input: unknown): boolean {
  if (counted === "descriptors") return Number.isInteger(amount) && amount >= 0 && amount <= MAX_DESCRIPTORS;
  return amount === Number.POSITIVE_INFINITY ? input === "unlimited" : Number.isSafeInteger(amount) && amount >= 0;
}

function wantOf(counted: Counted): string {
  switch (counted) {
    case "descriptors":
      return `a number of ${counted} up to ${MAX_DESCRIPTORS}`;
    case "bytes":
      return `a number of bytes, a size, like "64MiB", or "unlimited"`;
    case "processes":
    case "seconds":
      return `a number of ${counted} or "unlimited"`;
  }
}
