import type { LogRecord } from "../../src/reading/log-record.ts";
import type { ReadPorts } from "../../src/reading/readable-file.ts";
import { type ReadSizes, readLogs } from "../../src/reading/read-logs.ts";
import type { ReadRequest, ServiceToRead } from "../../src/reading/read-request.ts";

export interface LiteralFile {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** A file system of literals, with every read counted. */
export interface LiteralFiles extends ReadPorts {
  readonly read: { bytes: number };
}

export function literalFiles(files: Readonly<Record<string, LiteralFile>>): LiteralFiles {
  const read = { bytes: 0 };
  return {
    read,
    lookAtLogFile(path) {
      const file = files[path];
      if (file === undefined) return null;
      const { length } = Buffer.from(file.text);
      return { size: length, changedAt: file.changedAt, bornAt: 0, identity: `${path} as it was` };
    },
    openReadableLog(path) {
      const file = files[path];
      if (file === undefined) return { tag: "missing" };
      const bytes = Buffer.from(file.text);
      return {
        tag: "open",
        file: {
          size: bytes.length,
          identity: `${path} as it was`,
          failure: null,
          read(into, position) {
            const part = bytes.subarray(position, position + into.length);
            into.set(part);
            read.bytes += part.length;
            return part.length;
          },
          close: () => undefined,
        },
      };
    },
  };
}

/** A service with one file of its own in a format with ISO stamps, and nothing in memory. */
export function serviceOf(name: string, changes: Partial<ServiceToRead> = {}): ServiceToRead {
  const places = [{ path: `/${name}.log`, format: "plain", stamp: "iso", stream: null }] as const;
  return { name, places, marks: [], memory: [], since: null, until: null, filesUntil: null, run: null, ...changes };
}

export function requestOf(services: readonly ServiceToRead[], changes: Partial<ReadRequest> = {}): ReadRequest {
  return { services, count: null, wishes: { grep: null, priority: null, stream: null }, ...changes };
}

/** All that reading gives. */
export function readingOf(
  request: ReadRequest,
  ports: ReadPorts,
  sizes?: ReadSizes,
): { readonly records: readonly LogRecord[]; readonly notes: readonly string[] } {
  const pieces = [...readLogs(request, ports, sizes)];
  return { records: pieces.flatMap(({ records }) => records), notes: pieces.flatMap(({ notes }) => notes) };
}
