import type { Compression } from "../core/log-policy.ts";

/**
 * What is done for a rotated file that is to be compressed, in this order. "compress": the outcome is written elsewhere, whole
 * and on the disk or not at all. "sync": it has its name, and the directory is to be on the disk too, before the original goes.
 */
export interface CompressionJob {
  readonly step: "compress" | "sync";
  readonly source: string;
  /** Which file it is, as its name may change meanwhile. */
  readonly identity: string;
  readonly target: string;
  readonly compression: Compression;
}

export type CompressionResult =
  /** `size`: of the original, as far as it was compressed, in bytes. */
  | { readonly tag: "written"; readonly size: number }
  | { readonly tag: "synced" }
  /** The original is not there any more: moved on or removed. */
  | { readonly tag: "gone" }
  | { readonly tag: "failed"; readonly reason: string };
