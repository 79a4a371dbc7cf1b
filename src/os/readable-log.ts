import { closeSync, constants, fstatSync } from "node:fs";
import type { Compression } from "../core/log-policy.ts";
import { identityOf } from "./compress-file.ts";
import { findFrames, type PlacedFrame, uncompress } from "./compressed-frames.ts";
import { reasonOf } from "./errno-reason.ts";
import { readAt, readInto } from "./read-at.ts";
import { openUncopied } from "./reserve-numbers.ts";

/** A log file that is open for reading. Positions and sizes are bytes of what it holds. */
export interface ReadableLog {
  /** When it was opened. */
  readonly size: number;
  /** As `lookAtLogFile` gives it. */
  readonly identity: string;
  /** Fills `into` from `position` on; fewer bytes only at the end. null: it cannot be read there, and `failure` says why. */
  read(into: Uint8Array, position: number): number | null;
  readonly failure: string | null;
  close(): void;
}

export type OpenedReadableLog =
  | { readonly tag: "open"; readonly file: ReadableLog }
  | { readonly tag: "missing" }
  | { readonly tag: "failed"; readonly reason: string };

/** Opens a regular file, compressed or not, to be read anywhere. Links are not followed. */
export function openReadableLog(path: string, compression: Compression | null): OpenedReadableLog {
  let fd = -1;
  try {
    fd = openUncopied(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = fstatSync(fd);
    const { size } = status;
    const identity = identityOf(status);
    if (!status.isFile()) return refuse(fd, "it is not a regular file");
    if (compression === null) return { tag: "open", file: new OpenLog(fd, identity, plainContent(fd, size)) };
    const found = findFrames(fd, size, compression);
    if (found.tag === "failed") return refuse(fd, found.reason);
    return { tag: "open", file: new OpenLog(fd, identity, new FramedContent(fd, found.frames, compression)) };
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    const errno = errnoOf(error);
    return errno === "ENOENT" ? { tag: "missing" } : { tag: "failed", reason: reasonOf(errno) };
  }
}

function refuse(fd: number, reason: string): OpenedReadableLog {
  closeSync(fd);
  return { tag: "failed", reason };
}

/** What a file holds; `read` throws what cannot be read. */
interface Content {
  readonly size: number;
  read(into: Uint8Array, position: number): number;
}

class OpenLog implements ReadableLog {
  readonly identity: string;
  failure: string | null = null;
  readonly #fd: number;
  readonly #content: Content;
  #isOpen = true;

  constructor(fd: number, identity: string, content: Content) {
    this.#fd = fd;
    this.identity = identity;
    this.#content = content;
  }

  get size(): number {
    return this.#content.size;
  }

  read(into: Uint8Array, position: number): number | null {
    try {
      return this.#content.read(into, position);
    } catch (error) {
      this.failure = error instanceof Damage ? error.message : reasonOf(errnoOf(error));
      return null;
    }
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}

function plainContent(fd: number, size: number): Content {
  return { size, read: (into, position) => readInto(fd, into, position) };
}

class Damage extends Error {}

/** Pieces that are uncompressed when they are needed; one is kept, as most reads go on where the last one ended. */
class FramedContent implements Content {
  readonly size: number;
  readonly #fd: number;
  readonly #frames: readonly PlacedFrame[];
  readonly #compression: Compression;
  #held: { readonly frame: PlacedFrame; readonly bytes: Uint8Array } | null = null;

  constructor(fd: number, frames: readonly PlacedFrame[], compression: Compression) {
    this.#fd = fd;
    this.#frames = frames;
    this.#compression = compression;
    this.size = frames.reduce((sum, { original }) => sum + original, 0);
  }

  read(into: Uint8Array, position: number): number {
    let count = 0;
    for (let index = this.#frameAt(position); count < into.length; index++) {
      const frame = this.#frames[index];
      if (frame === undefined) break;
      const from = position + count - frame.start;
      const part = this.#bytesOf(frame).subarray(from, from + into.length - count);
      into.set(part, count);
      count += part.length;
    }
    return count;
  }

  /** The last piece that begins at the position or before. */
  #frameAt(position: number): number {
    let low = 0;
    let high = this.#frames.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#frames[middle]?.start ?? 0) <= position) low = middle;
      else high = middle;
    }
    return low;
  }

  #bytesOf(frame: PlacedFrame): Uint8Array {
    if (this.#held?.frame === frame) return this.#held.bytes;
    const bytes = uncompress(readAt(this.#fd, frame.at, frame.compressed), this.#compression, frame.original);
    if (bytes === null) throw new Damage("it is damaged");
    this.#held = { frame, bytes };
    return bytes;
  }
}

function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
