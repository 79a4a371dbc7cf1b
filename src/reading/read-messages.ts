import type { LogPlace } from "../core/log-place.ts";
import type { PlaneLine } from "../log/plane-messages.ts";
import type { ReadRequest } from "./read-request.ts";

/** What the main thread says to the thread that reads for one request. */
export type ToReader =
  /** The first message, and once. `progress` is counted up with every piece of work. */
  | {
      readonly tag: "read";
      readonly request: ReadRequest;
      readonly progress: SharedArrayBuffer;
    }
  /** A chunk was taken: one more may be sent. */
  | { readonly tag: "more" }
  /** Lines that have just been written, after `past-read`; answered by `live-read`, each in its turn. */
  | ({ readonly tag: "live" } & WrittenLines);

/** Lines of a service that have just been written; `places`: where they would be read. */
export interface WrittenLines {
  readonly service: string;
  readonly lines: readonly PlaneLine[];
  readonly places: readonly LogPlace[];
}

export type FromReader =
  /** `thread`: its number for the kernel. */
  | { readonly tag: "began"; readonly thread: number }
  /** Whole lines, as they go to whoever asked. At most so many as there were credits are on their way. */
  | { readonly tag: "chunk"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly tag: "past-read" }
  /** What is wanted of the oldest `live` that is not answered; perhaps nothing. */
  | { readonly tag: "live-read"; readonly bytes: Uint8Array<ArrayBuffer> };

/** Chunks that may be on their way without having been taken. */
export const CREDITS = 4;

/** About how large a chunk is, in bytes. */
export const CHUNK_BYTES = 64 * 1024;
