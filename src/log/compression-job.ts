import type { Compression } from "../core/log-policy.ts";

/** A rotated file that is to be compressed, and where the outcome is written: whole and on the disk, or not at all. */
export interface CompressionJob {
  readonly source: string;
  /** Which file it is, as its name may change meanwhile. */
  readonly identity: string;
  readonly target: string;
  readonly compression: Compression;
}

export type CompressionResult =
  /** `size`: of the original, as far as it was compressed, in bytes. */
  | { readonly tag: "written"; readonly size: number }
  /** The original is not there any more: moved on or removed. */
  | { readonly tag: "gone" }
  | { readonly tag: "failed"; readonly reason: string };
