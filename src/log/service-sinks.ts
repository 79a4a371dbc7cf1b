import { hasRecords, logPlacesOf } from "../core/log-place.ts";
import type { LogLoss } from "../core/log-loss.ts";
import { fileReaderOf } from "../core/dropped-files.ts";
import {
  type FileSinkPolicy,
  LOG_STREAMS,
  type LogPolicy,
  type LogStream,
  type ServiceSinkPolicy,
  type SinkPolicy,
} from "../core/log-policy.ts";
import type { DatagramLog } from "./datagram-log.ts";
import type { DirectLogsPorts } from "./direct-logs.ts";
import type { FileLog } from "./file-log.ts";
import type { SinkPorts } from "./file-sink.ts";
import { type BlockSink, FilteredSink, isFiltering } from "./line-filter.ts";
import { lineFormatOf } from "./line-format.ts";
import type { Block } from "./line-framer.ts";
import { LineGrouper } from "./line-grouper.ts";
import { lineTimeOf } from "./parse-record.ts";
import type { Underway } from "./plane-messages.ts";
import { ungroupedOf } from "./record-block.ts";
import type { RelayLine } from "./relay-line.ts";
import { type RelayedPolicy, RelaySink } from "./relay-sinks.ts";
import type { SharedFiles } from "./shared-files.ts";
import type { Source } from "./source.ts";

export interface SinkSetPorts extends Pick<SinkPorts, "files" | "openFiles" | "report" | "wakeAt" | "held"> {
  /** Whose lines they are. */
  readonly service: string;
  /** So many lines of the service have not come into the sink of this name. */
  lost(loss: LogLoss): void;
  /** So many lines of the service more (or fewer) are on their way to files that another thread writes. */
  underway(delta: number): void;
  readonly shared: SharedFiles;
  /** Files that services write themselves: nothing of them is in the journal, and they are rotated elsewhere. */
  readonly foreign: SharedFiles;
  readonly direct: Omit<DirectLogsPorts, "report" | "wakeAt">;
  readonly datagrams: DatagramLog;
  readonly relay: RelayLine;
}

/** Hears of the records of streams that are read back as such. */
export interface RecordListener {
  tell(block: Block, source: Source): void;
}

const NO_STREAMS: readonly LogStream[] = [];

/** The sinks of one service as its policy has them, with the files that they write. */
export class ServiceSinks {
  readonly #ports: SinkSetPorts;
  readonly #listener: RecordListener | null;
  #files = new Map<string, FileLog>();
  #sinks: Readonly<Record<LogStream, readonly BlockSink[]>> = { stdout: [], stderr: [] };
  #filtered: FilteredSink[] = [];
  #groupers: LineGrouper[] = [];
  /** The streams whose listener is told records as they are written, and not lines as they come. */
  #recorded: readonly LogStream[] = NO_STREAMS;
  #relayed: RelaySink[] = [];
  /** true: the files are those that the service writes itself. */
  #isDirect = false;

  constructor(ports: SinkSetPorts, listener: RecordListener | null) {
    this.#ports = ports;
    this.#listener = listener;
  }

  /** The files that are written, by path. */
  get files(): ReadonlyMap<string, FileLog> {
    return this.#files;
  }

  /** `standard` is the path of a file that has none of its own. Files that are written no more are closed. */
  configure(policy: LogPolicy, standard: string | null, at: number): void {
    this.#finishUnderway(at);
    const [before, relayed] = [this.#files, this.#relayed];
    this.#files = new Map();
    this.#relayed = [];
    this.#filtered = [];
    this.#groupers = [];
    const places = logPlacesOf(policy, standard ?? "").places.filter(({ path }) => path !== "");
    const recorded = LOG_STREAMS.filter((each) => policy.multiline[each] !== null && hasRecords(places, each));
    this.#recorded = recorded.length === 0 ? NO_STREAMS : recorded;
    const isDirect = policy.direct !== null;
    const sinks = policy.sinks.flatMap((each): Entry[] => {
      const sink = this.#sinkOf(each, { standard, at, isDirect });
      return sink === null ? [] : [{ policy: each, sink: this.#behindFilter(sink, each) }];
    });
    this.#sinks = { stdout: this.#streamOf("stdout", sinks, policy), stderr: this.#streamOf("stderr", sinks, policy) };
    for (const [path, file] of before) if (this.#files.get(path) !== file) this.#leave(path, at);
    this.#isDirect = isDirect;
    // Only now, so that a connection that is used on is kept.
    for (const sink of relayed) sink.close();
  }

  /** true: the listener hears of what this stream says without anybody's help. */
  tellsRecords(stream: LogStream): boolean {
    return this.#recorded.includes(stream);
  }

  write(block: Block, source: Source): void {
    for (const sink of this.#sinks[source.stream]) sink.write(block, source);
  }

  /** Gives on records that are complete, and says what filters have left out, where that is due. `at` is now. */
  tick(at: number): void {
    for (const grouper of this.#groupers) grouper.tick(at);
    for (const sink of this.#filtered) sink.tick(at);
    for (const sink of this.#relayed) sink.tick(at);
  }

  /** Lines for files that somebody else writes; null: there are no such files. `at` is now. */
  underway(at: number): Underway | null {
    const mine = this.#relayed.flatMap((sink) => sink.underway(at) ?? []);
    if (mine.length === 0) return null;
    const { leaving } = this.#ports.relay;
    leaving.look(at);
    const each = [...mine, ...leaving.of(this.#ports.service)];
    const sum = (of: (underway: Underway) => number): number => each.reduce((total, one) => total + of(one), 0);
    return { sent: sum(({ sent }) => sent), left: sum(({ left }) => left) };
  }

  /** true: the service is to wait until a sink has room. `at` is now. */
  isHeld(at: number): boolean {
    let isHeld = false;
    // Each is asked, as each has its own patience.
    for (const sink of this.#relayed) if (sink.isHeld(at)) isHeld = true;
    return isHeld;
  }

  /** Gives on records that are underway. */
  flush(): void {
    for (const grouper of this.#groupers) grouper.flush();
  }

  /** Closes everything. */
  close(at: number): void {
    this.#finishUnderway(at);
    for (const path of this.#files.keys()) this.#leave(path, at);
    for (const sink of this.#relayed) sink.close();
  }

  #finishUnderway(at: number): void {
    this.flush();
    for (const sink of this.#filtered) sink.close(at);
  }

  #behindFilter(sink: BlockSink, { filter, name }: SinkPolicy): BlockSink {
    if (!isFiltering(filter)) return sink;
    const { wakeAt, lost } = this.#ports;
    const filtered = new FilteredSink(sink, filter, {
      wakeAt,
      lost: (lines) => lost({ sink: name, reason: "rate", lines }),
    });
    this.#filtered.push(filtered);
    return filtered;
  }

  /** What takes the lines of one stream. */
  #streamOf(stream: LogStream, entries: readonly Entry[], { multiline }: LogPolicy): readonly BlockSink[] {
    const mine = entries.filter(({ policy }) => policy.streams.includes(stream));
    const policy = multiline[stream];
    const grouped = policy === null ? [] : mine.filter((entry) => takesRecords(entry.policy)).map(({ sink }) => sink);
    if (policy === null || grouped.length === 0) return mine.map(({ sink }) => sink);
    const listener = this.tellsRecords(stream) ? this.#listener : null;
    const toAll = (block: Block, source: Source): void => {
      for (const sink of grouped) sink.write(block, source);
      listener?.tell(block, source);
    };
    const grouper = new LineGrouper(policy, { write: toAll }, this.#ports);
    this.#groupers.push(grouper);
    return [...mine.filter((entry) => !takesRecords(entry.policy)).map(({ sink }) => sink), grouper];
  }

  #sinkOf(policy: SinkPolicy, place: Place): BlockSink | null {
    switch (policy.type) {
      case "syslog":
        return { write: (block, source) => this.#ports.datagrams.write(block, source, policy) };
      case "remote":
      case "service":
        return this.#relay(policy);
      case "file": {
        const path = policy.path ?? place.standard;
        if (path === null) return null;
        if (policy.feed.tag === "drop") return this.#relay(wayTo(fileReaderOf(this.#ports.service, path), policy));
        const file = this.#fileOf(policy, path, place);
        return policy.format === "json" ? file : { write: (block, source) => file.write(ungroupedOf(block), source) };
      }
    }
  }

  #relay(policy: RelayedPolicy): RelaySink {
    const sink = new RelaySink(policy, this.#ports.relay, this.#ports);
    this.#relayed.push(sink);
    return sink;
  }

  #fileOf(policy: SinkPolicy & { readonly type: "file" }, path: string, { at, isDirect }: Place): FileLog {
    // The two streams may share one, with different filters.
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const limits = isDirect ? { ...policy, ...NEVER_ROTATED } : policy;
    const place = { path, limits, timeOf: lineTimeOf(policy) };
    const { service, shared, foreign } = this.#ports;
    const use = { sink: policy.name, place, format: policy.feed.tag === "formatted" ? null : lineFormatOf(policy) };
    const file = (isDirect ? foreign : shared).join(service, use, at);
    this.#files.set(path, file);
    return file;
  }

  #leave(path: string, at: number): void {
    const { service, shared, foreign } = this.#ports;
    (this.#isDirect ? foreign : shared).leave(service, path, at);
  }
}

/** A plain file has every line as it came: what belongs together stands there together anyway. */
function takesRecords(policy: SinkPolicy): boolean {
  return policy.type !== "file" || policy.format === "json" || isFiltering(policy.filter);
}

/** The sink of a file that somebody else writes, for which nobody waits. */
function wayTo(service: string, { name, streams, filter, format, stamp, feed }: FileSinkPolicy): ServiceSinkPolicy {
  const buffer = feed.tag === "drop" ? feed.buffer : 0;
  return { type: "service", service, name, streams, filter, format, stamp, buffer, whenSlow: "drop" };
}

interface Entry {
  readonly policy: SinkPolicy;
  readonly sink: BlockSink;
}

interface Place {
  readonly standard: string | null;
  readonly at: number;
  readonly isDirect: boolean;
}

/** The limits of a file that somebody else rotates. */
const NEVER_ROTATED = {
  maxSize: Number.POSITIVE_INFINITY,
  maxAge: null,
  keepSize: null,
  keepAge: null,
  compress: null,
};
