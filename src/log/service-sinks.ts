import type { LogPolicy, LogStream, SinkPolicy } from "../core/log-policy.ts";
import type { DatagramLog } from "./datagram-log.ts";
import { FileLog, type FileLogPorts } from "./file-log.ts";
import { type BlockSink, FilteredSink, isFiltering } from "./line-filter.ts";
import { lineFormatOf } from "./line-format.ts";
import type { Block } from "./line-framer.ts";
import { lineTimeOf } from "./parse-record.ts";
import type { Source } from "./source.ts";

export interface SinkSetPorts extends FileLogPorts {
  readonly datagrams: DatagramLog;
}

/** The sinks of one service as its policy has them, with the files that they write. */
export class ServiceSinks {
  readonly #ports: SinkSetPorts;
  #files = new Map<string, FileLog>();
  #sinks: Readonly<Record<LogStream, readonly BlockSink[]>> = { stdout: [], stderr: [] };
  #filtered: readonly FilteredSink[] = [];

  constructor(ports: SinkSetPorts) {
    this.#ports = ports;
  }

  /** The files that are written, by path. */
  get files(): ReadonlyMap<string, FileLog> {
    return this.#files;
  }

  /** `standard` is the path of a file that has none of its own. Files that are written no more are closed. */
  configure(policy: LogPolicy, standard: string | null, at: number): void {
    for (const sink of this.#filtered) sink.close(at);
    const before = this.#files;
    this.#files = new Map();
    const filtered: FilteredSink[] = [];
    const sinks: Record<LogStream, BlockSink[]> = { stdout: [], stderr: [] };
    for (const each of policy.sinks) {
      const bare = this.#sinkOf(each, { standard, before, at });
      if (bare === null) continue;
      const sink = isFiltering(each.filter) ? new FilteredSink(bare, each.filter, this.#ports.wakeAt) : bare;
      if (sink instanceof FilteredSink) filtered.push(sink);
      for (const stream of each.streams) sinks[stream].push(sink);
    }
    this.#sinks = sinks;
    this.#filtered = filtered;
    for (const [path, file] of before) if (!this.#files.has(path)) file.close(at);
  }

  write(block: Block, source: Source): void {
    for (const sink of this.#sinks[source.stream]) sink.write(block, source);
  }

  /** Says what filters have left out, where that is due. `at` is now, in microseconds since 1970. */
  tick(at: number): void {
    for (const sink of this.#filtered) sink.tick(at);
  }

  /** Closes everything. */
  close(at: number): void {
    for (const sink of this.#filtered) sink.close(at);
    for (const file of this.#files.values()) file.close(at);
  }

  #sinkOf(policy: SinkPolicy, place: Place): BlockSink | null {
    switch (policy.type) {
      case "syslog":
        return { write: (block, source) => this.#ports.datagrams.write(block, source, policy.facility) };
      case "file": {
        const path = policy.path ?? place.standard;
        return path === null ? null : this.#fileOf(policy, path, place);
      }
    }
  }

  #fileOf(policy: SinkPolicy & { readonly type: "file" }, path: string, { before, at }: Place): FileLog {
    // The two streams may share one, with different filters.
    const shared = this.#files.get(path);
    if (shared !== undefined) return shared;
    const format = lineFormatOf(policy);
    const place = { path, limits: policy, timeOf: lineTimeOf(policy) };
    let file = before.get(path);
    if (file === undefined) {
      file = new FileLog(place, format, this.#ports);
    } else {
      file.flush(at);
      file.format = format;
      file.adjust(place, at);
    }
    file.expectAge(at);
    this.#files.set(path, file);
    return file;
  }
}

interface Place {
  readonly standard: string | null;
  /** The files that were written until now. */
  readonly before: ReadonlyMap<string, FileLog>;
  readonly at: number;
}
