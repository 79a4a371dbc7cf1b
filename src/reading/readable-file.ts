import type { Compression } from "../core/log-policy.ts";
import type { FileLook } from "../log/log-files.ts";

/** A log file that is read. Positions and sizes are bytes of what it holds, which is compressed on the disk or not. */
export interface ReadableFile {
  /** When it was opened. */
  readonly size: number;
  /** As `lookAtLogFile` gives it. */
  readonly identity: string;
  /** Fills `into` from `position` on; fewer bytes only at the end. null: it cannot be read there, and `failure` says why. */
  read(into: Uint8Array, position: number): number | null;
  readonly failure: string | null;
  close(): void;
}

export type OpenedFile =
  | { readonly tag: "open"; readonly file: ReadableFile }
  | { readonly tag: "missing" }
  | { readonly tag: "failed"; readonly reason: string };

/** What reading needs of the file system. */
export interface ReadPorts {
  /** What has the name; links are not followed. null: nothing. */
  lookAtLogFile(path: string): FileLook | null;
  /** `compression`: what its name says. */
  openReadableLog(path: string, compression: Compression | null): OpenedFile;
}
