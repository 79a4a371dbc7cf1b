/*
 * The files that one log consists of, the oldest first: the rotated ones, whatever they are compressed by, and the current
 * one. They are listed once and opened when their turn comes; one that was rotated or compressed meanwhile is found under
 * the name that it has by then. Nothing that is written after the list was made is read.
 */
import type { Compression } from "../core/log-policy.ts";
import type { FileLook } from "../log/log-files.ts";
import type { FileMark } from "../log/plane-messages.ts";
import { rotatedFilesOf } from "../log/rotated-files.ts";
import type { ReadableFile, ReadPorts } from "./readable-file.ts";

export interface ChainFile {
  readonly path: string;
  readonly compression: Compression | null;
  readonly look: FileLook;
  /** Bytes that count of a file that is not compressed: it may have grown since. */
  readonly limit: number;
}

export class LogChain {
  readonly #path: string;
  readonly #ports: ReadPorts;
  readonly #say: (message: string) => void;
  readonly #files: readonly ChainFile[];
  #open: { readonly index: number; readonly file: ReadableFile | null } | null = null;

  /** `mark`: nothing after it is read; null: up to what there is now. `say` takes what is wrong, in words for people. */
  constructor(
    log: { readonly path: string; readonly mark: FileMark | null },
    ports: ReadPorts,
    say: (message: string) => void,
  ) {
    this.#path = log.path;
    this.#ports = ports;
    this.#say = say;
    const listed = listFiles(log.path, ports);
    this.#files = (log.mark === null ? listed : filesBefore(log.mark, listed)).toReversed();
  }

  /** The oldest first. */
  get files(): readonly ChainFile[] {
    return this.#files;
  }

  /** The `index`th file; null if it cannot be read, which is said once. The one that was opened before is closed. */
  open(index: number): ReadableFile | null {
    if (this.#open?.index === index) return this.#open.file;
    this.release();
    const file = this.#openFile(index);
    this.#open = { index, file };
    return file;
  }

  /** How much of an open file counts, in bytes; a file that was compressed meanwhile holds at least as much. */
  endOf(index: number, file: ReadableFile): number {
    const entry = this.#files[index];
    return entry === undefined || entry.compression !== null ? file.size : Math.min(file.size, entry.limit);
  }

  /** Says what reading has come upon, if it has, and closes the file that is open. It is opened again when it is needed. */
  release(): void {
    const file = this.#open?.file;
    if (file?.failure != null) this.#say(`cannot read "${this.#files[this.#open?.index ?? 0]?.path}": ${file.failure}`);
    file?.close();
    this.#open = null;
  }

  #openFile(index: number): ReadableFile | null {
    const entry = this.#files[index];
    if (entry === undefined) return null;
    const { path, compression } = entry;
    const opened = this.#ports.openReadableLog(path, compression);
    if (opened.tag === "open" && opened.file.identity === entry.look.identity) return opened.file;
    if (opened.tag === "open") opened.file.close();
    if (opened.tag === "failed") return this.#fail(entry, opened.reason);
    return this.#openMoved(entry);
  }

  /** It has another name by now, or has been compressed. */
  #openMoved(entry: ChainFile): ReadableFile | null {
    const moved = fileAfterMoves(entry, this.#files.toReversed(), listFiles(this.#path, this.#ports));
    if (moved === null) return this.#fail(entry, "it was removed meanwhile");
    const opened = this.#ports.openReadableLog(moved.path, moved.compression);
    return opened.tag === "open" ? opened.file : this.#fail(entry, "it was removed meanwhile");
  }

  #fail({ path }: ChainFile, reason: string): null {
    this.#say(`cannot read "${path}": ${reason}; its lines are left out`);
    return null;
  }
}

/** Times of files are rounded when they are copied, in milliseconds. */
const ROUNDED = 2;

/**
 * What has become of a file; both lists are the newest first. Rotations move all files on by the same number of places. That
 * number is the one with which all files are what they were: one alone may look like another, as a compressed file has
 * another identity, and files that fill up quickly have the same time. null: it is gone, or nothing is certain.
 */
export function fileAfterMoves(
  file: ChainFile,
  before: readonly ChainFile[],
  now: readonly ChainFile[],
): ChainFile | null {
  const possible = now
    .map((_, moves) => moves)
    .filter((moves) => before.slice(0, now.length - moves).every((each, index) => isSame(each, now[index + moves])));
  const certain = possible.filter((moves) =>
    before.some((each, index) => each.look.identity === now[index + moves]?.look.identity),
  );
  const [moves, other] = certain.length > 0 ? certain : possible;
  return moves === undefined || other !== undefined ? null : (now[before.indexOf(file) + moves] ?? null);
}

function isSame(before: ChainFile, now: ChainFile | undefined): boolean {
  if (now === undefined) return false;
  if (before.look.identity === now.look.identity) return true;
  const isCompressedNow = before.compression === null && now.compression !== null;
  return isCompressedNow && Math.abs(before.look.changedAt - now.look.changedAt) < ROUNDED;
}

/** The newest first. */
function listFiles(path: string, ports: ReadPorts): readonly ChainFile[] {
  const look = ports.lookAtLogFile(path);
  const current: readonly ChainFile[] = look === null ? [] : [{ path, compression: null, look, limit: look.size }];
  const rotated = rotatedFilesOf(path, ports).map((file) => ({ ...file, limit: file.look.size }));
  // A rotation in the middle of this shows a file a second time under its next name.
  const seen = new Set<string>();
  return [...current, ...rotated].filter(({ look: { identity } }) => !seen.has(identity) && seen.add(identity));
}

/** `files` is the newest first. Newer ones than that with the mark are left out. */
function filesBefore(mark: FileMark, files: readonly ChainFile[]): readonly ChainFile[] {
  const index = files.findIndex((file) => file.look.identity === mark.identity);
  const marked = files[index];
  if (marked === undefined) return files;
  return [{ ...marked, limit: Math.min(marked.limit, mark.size) }, ...files.slice(index + 1)];
}
