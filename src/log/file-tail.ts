import type { FileSinkPolicy } from "../core/log-policy.ts";
import { NEWLINE } from "./line-framer.ts";
import type { FileEnd, LogFiles } from "./log-files.ts";
import { recordParserOf } from "./parse-record.ts";
import type { PlaneLine } from "./plane-messages.ts";
import { rotatedFileOf } from "./rotated-files.ts";

/** The most that one request reads. */
const MOST_TAIL_LINES = 10_000;
export const MOST_TAIL_BYTES = 4 * 1024 * 1024;

/**
 * The last `count` lines of a log file, oldest first, going back into the rotated ones where it takes them. A line without
 * a time of its own has that of the line before it, or else that of the last change of its file.
 */
export function readFileTail(
  path: string,
  count: number,
  read: { readonly files: LogFiles; readonly policy: FileSinkPolicy; readonly most: number },
): PlaneLine[] {
  const wanted = Math.min(count, MOST_TAIL_LINES);
  let lines: PlaneLine[] = [];
  let room = read.most;
  for (let index = 0; index <= read.policy.keep && lines.length < wanted && room > 0; index++) {
    const end = index === 0 ? read.files.readLogFileEnd(path, room) : rotatedEndOf(path, index, { ...read, room });
    // A current file that is missing was moved away by somebody.
    if (end === null && index > 0) break;
    if (end === null) continue;
    lines = [...linesOf(end, wanted - lines.length, read.policy), ...lines];
    room = end.isWhole ? room - end.bytes.length : 0;
  }
  return lines;
}

/** The end of the `index`th older file, compressed or not; null if it cannot be had quickly. */
function rotatedEndOf(
  path: string,
  index: number,
  { files, room }: { readonly files: LogFiles; readonly room: number },
): FileEnd | null {
  const file = rotatedFileOf(path, index, files);
  if (file === null) return null;
  if (file.compression === null) return files.readLogFileEnd(file.path, room);
  return files.readCompressedLogEnd(file.path, file.compression, room);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function linesOf(end: FileEnd, count: number, policy: FileSinkPolicy): PlaneLine[] {
  const parse = recordParserOf(policy);
  let at = Math.floor(end.changedAt * 1000);
  return decoder
    .decode(end.bytes.subarray(startOf(end, count), contentEndOf(end.bytes)))
    .split("\n")
    .map((line) => {
      const parsed = parse(line);
      at = parsed.at ?? at;
      return { at, stream: parsed.stream, pid: parsed.pid, text: parsed.text };
    })
    .slice(end.bytes.length === 0 ? 1 : 0);
}

/** Where the last newline is, if the file ends with it: it ends a line and begins none. */
function contentEndOf(bytes: Uint8Array): number {
  return bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length;
}

/** Where the last `count` lines begin; a line whose beginning was not read is left out. */
function startOf(end: FileEnd, count: number): number {
  let start = contentEndOf(end.bytes);
  for (let found = 0; found < count; found++) {
    const newline = start === 0 ? -1 : end.bytes.lastIndexOf(NEWLINE, start - 1);
    if (newline < 0) return end.isWhole ? 0 : found === 0 ? 0 : start + 1;
    if (found === count - 1) return newline + 1;
    start = newline;
  }
  return start;
}
