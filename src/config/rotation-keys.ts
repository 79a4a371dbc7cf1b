import * as z from "zod";
import type { Compression, RotationPolicy } from "../core/log-policy.ts";
import { keyOf } from "./key-meta.ts";
import { duration, size, wholeNumber } from "./schema-parts.ts";
import { listOf, suggestNearest, wanted } from "./want.ts";

/** When nothing is said, a log file is rotated at this size, in bytes, and so many old ones are kept. */
const DEFAULT_SIZE = 10 * 1024 * 1024;
const DEFAULT_KEEP = 5;

const COMPRESSIONS = ["zstd", "gzip"] as const satisfies readonly Compression[];

/** The keys that say when a log file is rotated and what is kept of it: of a service's log and of the supervisor's own. */
export function rotationKeys() {
  return {
    max_size: keyOf(size("4KiB", "1TiB").default(DEFAULT_SIZE), {
      description: "The file is rotated at this size",
      live: true,
      limit: "1TiB",
      example: 'max_size = "100MiB"',
    }),
    max_age: keyOf(duration("3650d", "1s").optional(), {
      description: "The file is rotated when its first line is this old",
      live: true,
      limit: "3650d",
      initial: "any age",
      example: 'max_age = "1d"',
    }),
    keep: keyOf(wholeNumber(0, 1000).default(DEFAULT_KEEP), {
      description: "Rotated files that are kept",
      live: true,
      limit: "1000",
      example: "keep = 10",
    }),
    keep_size: keyOf(size("4KiB", "1024TiB").optional(), {
      description: "What the rotated files may take together; the oldest make room",
      live: true,
      limit: "1024TiB",
      initial: "any size",
      example: 'keep_size = "1GiB"',
    }),
    keep_age: keyOf(duration("3650d", "1s").optional(), {
      description: "Rotated files are removed when their last line is this old",
      live: true,
      limit: "3650d",
      initial: "any age",
      example: 'keep_age = "30d"',
    }),
    compress: keyOf(compression().default(false), {
      description: "How rotated files are compressed, by a thread of low priority; `false` leaves them as they are",
      live: true,
      limit: "3 choices",
      example: 'compress = "zstd"',
    }),
  };
}

interface ParsedRotation {
  readonly max_size: number;
  readonly max_age?: RotationPolicy["maxAge"] | undefined;
  readonly keep: number;
  readonly keep_size?: number | undefined;
  readonly keep_age?: RotationPolicy["keepAge"] | undefined;
  readonly compress: Compression | false;
}

/** The same with every default applied. */
export function rotationOf(parsed: ParsedRotation): RotationPolicy {
  return {
    maxSize: parsed.max_size,
    maxAge: parsed.max_age ?? null,
    keep: parsed.keep,
    keepSize: parsed.keep_size ?? null,
    keepAge: parsed.keep_age ?? null,
    compress: parsed.compress === false ? null : parsed.compress,
  };
}

function compression(): z.ZodType<Compression | false, Compression | false> {
  return z.literal([...COMPRESSIONS, false], {
    error: ({ input }) => {
      const meant = input === true ? 'did you mean "zstd"?' : suggestNearest(input, COMPRESSIONS);
      return wanted(`${listOf(COMPRESSIONS)}, or false`, meant);
    },
  });
}
