/*
 * Files for which a service never waits. Whoever reads the output does not touch them, as a file system may answer late or never:
 * lines for such a file go through a pipe to a _file reader_, which is a service to the data plane and to nobody else, and
 * has that file alone. What the pipe and the buffer before it have no room for is dropped.
 */
import { EVERY_LINE, LOG_STREAMS, type LogPolicy, logFilesOf, SINGLE_LINES } from "./log-policy.ts";

/** No name of a service has it. */
const BETWEEN = ">";

/** Who reads the lines of the service for this file, and as what policy has it. */
export interface FileReader {
  readonly name: string;
  readonly path: string;
  readonly policy: LogPolicy;
}

/** The file readers of a service, each once; `standard` is the path of a file that has none of its own. */
export function fileReadersOf(service: string, policy: LogPolicy, standard: string): readonly FileReader[] {
  const readers = new Map<string, FileReader>();
  for (const { path, sink } of logFilesOf(policy, standard)) {
    if (sink.feed.tag !== "drop" || readers.has(path)) continue;
    const file = { ...sink, path, streams: LOG_STREAMS, filter: EVERY_LINE, feed: { tag: "formatted" } as const };
    const name = fileReaderOf(service, path);
    readers.set(path, { name, path, policy: { sinks: [file], multiline: SINGLE_LINES, isJoined: true, direct: null } });
  }
  return [...readers.values()];
}

/** The name of the file reader: short, and the same for the same file. */
export function fileReaderOf(service: string, path: string): string {
  // FNV-1a.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(path)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${service}${BETWEEN}${hash.toString(16)}`;
}

export function isFileReader(name: string): boolean {
  return name.includes(BETWEEN);
}

/** Whose lines they are that a service or file reader writes. */
export function ownerOf(name: string): string {
  return name.split(BETWEEN, 1)[0] ?? name;
}
