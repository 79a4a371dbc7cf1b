/* The sinks of a service whose lines the relay hands on: what they look like there, and what becomes of those it has no room for. */
import { hostname } from "node:os";
import type { LogLoss } from "../core/log-loss.ts";
import type { RemoteSinkPolicy, ServiceSinkPolicy } from "../core/log-policy.ts";
import { isFileReader } from "../core/dropped-files.ts";
import type { Report } from "./file-sink.ts";
import type { BlockSink } from "./line-filter.ts";
import { lineFormatOf } from "./line-format.ts";
import { lineCountOf, NEWLINE, newlinesIn, type Block } from "./line-framer.ts";
import { LinesUnderway } from "./lines-underway.ts";
import { OutBuffer } from "./out-buffer.ts";
import { recordsOf, ungroupedOf } from "./record-block.ts";
import type { Underway } from "./plane-messages.ts";
import type { RelayedSink, RelayLine } from "./relay-line.ts";
import type { Records } from "./relay-messages.ts";
import type { Source } from "./source.ts";
import { rfc5424Of } from "./rfc5424.ts";
import { syslogPiecesOf } from "./syslog-pieces.ts";

/** Lines that are taken now and then are no news: it is over when none was dropped for so long. */
const CALM_MICROS = 1_000_000;

/** One that has taken nothing for so long holds up nobody any more. */
const STUCK_MICROS = 5_000_000;

export type RelayedPolicy = RemoteSinkPolicy | ServiceSinkPolicy;

export interface RelaySinkPorts {
  /** Whose lines they are. */
  readonly service: string;
  readonly report: Report;
  lost(loss: LogLoss): void;
  /** So many lines more (or fewer) are on their way to a file. */
  underway(delta: number): void;
  /** Has `tick` called at this time or soon after, in microseconds since 1970. */
  wakeAt(at: number): void;
}

/** Takes blocks, and hands them on as records. What finds no room is dropped, counted, and said once. */
export class RelaySink implements BlockSink {
  readonly #name: string;
  readonly #sink: RelayedSink;
  readonly #recordsOf: (block: Block, source: Source) => Records;
  readonly #ports: RelaySinkPorts;
  /** true: the service waits for it, as long as it takes something. */
  readonly #mayHold: boolean;
  /** Takes over what is on its way to a file when this is closed. */
  readonly #leaving: (lines: LinesUnderway) => void;
  /** null: the lines are for no file. */
  readonly #underway: LinesUnderway | null;
  /** What it had taken when that last changed while the service waited, and when that was; null: nobody waits. */
  #waiting: { readonly taken: number; readonly since: number } | null = null;
  #isStuck = false;
  #dropped = 0;
  /** When the last of them was, in microseconds since 1970. */
  #droppedAt = 0;

  constructor(policy: RelayedPolicy, line: RelayLine, ports: RelaySinkPorts) {
    this.#name = policy.name;
    this.#ports = ports;
    this.#mayHold = policy.whenSlow === "block";
    if (policy.type === "remote") {
      this.#sink = line.open({ tag: "server", ...policy.server }, policy.buffer);
      this.#recordsOf = syslogRecordsOf(policy);
    } else {
      this.#sink = line.open({ tag: "service", service: policy.service }, policy.buffer);
      this.#recordsOf = lineRecordsOf(policy);
    }
    const isForFile = policy.type === "service" && isFileReader(policy.service);
    this.#leaving = (lines) => line.leaving.add(ports.service, lines);
    const lost = (lines: number): void => ports.lost({ sink: policy.name, reason: "failed", lines });
    this.#underway = isForFile ? new LinesUnderway(this.#sink, { ...ports, lost }) : null;
  }

  write(block: Block, source: Source): void {
    const records = this.#recordsOf(block, source);
    if (records.ends.length === 0) return;
    if (this.#sink.send(records)) {
      this.#underway?.add(lineCountOf(block), source.at);
      return this.#noteRoom(source.at);
    }
    if (this.#mayHold && !this.#isStuck) return this.#sink.push(records);
    if (this.#dropped === 0)
      this.#ports.report(
        `cannot log to "${this.#name}": it does not keep up, and its buffer is full; lines are dropped`,
        false,
      );
    const lines = lineCountOf(block);
    this.#dropped += lines;
    this.#ports.lost({ sink: this.#name, reason: "slow", lines });
    this.#droppedAt = source.at;
  }

  /** true: the service is to wait. `at` is now, in microseconds since 1970. */
  isHeld(at: number): boolean {
    const { isFull, taken } = this.#sink;
    if (!this.#mayHold || !isFull) {
      this.#waiting = null;
      return false;
    }
    if (this.#waiting?.taken !== taken || at < this.#waiting.since) {
      this.#waiting = { taken, since: at };
      this.#isStuck = false;
    }
    if (at - this.#waiting.since >= STUCK_MICROS) this.#isStuck = true;
    return !this.#isStuck;
  }

  /** Counts what has been handed on meanwhile. `at` is now. */
  tick(at: number): void {
    this.#underway?.look(at);
  }

  /** Lines for a file; null: they are for none. `at` is now. */
  underway(at: number): Underway | null {
    this.#underway?.look(at);
    return this.#underway?.count ?? null;
  }

  /** Nothing more is sent; what was, is handed on. */
  close(): void {
    if (this.#underway !== null) this.#leaving(this.#underway);
    this.#sink.close();
    if (this.#dropped > 0) this.#ports.report(`"${this.#name}" is given up: ${droppedWordsOf(this.#dropped)}`, true);
  }

  #noteRoom(at: number): void {
    if (this.#dropped === 0 || Math.abs(at - this.#droppedAt) < CALM_MICROS) return;
    const words = droppedWordsOf(this.#dropped);
    this.#dropped = 0;
    this.#isStuck = false;
    this.#ports.report(`"${this.#name}" takes lines again: ${words}`, true);
  }
}

function droppedWordsOf(count: number): string {
  return count === 1 ? "1 line was dropped" : `${count} lines were dropped`;
}

const encoder = new TextEncoder();

/** A message of RFC 5424 for each record, several for a long one. */
function syslogRecordsOf({ facility, appName }: RemoteSinkPolicy): (block: Block, source: Source) => Records {
  const host = hostname();
  return (block, source) => {
    const messages = syslogPiecesOf(block, source.stream).map(({ severity, text }) =>
      encoder.encode(
        rfc5424Of({ facility, severity, at: source.at, host, app: appName ?? source.service, pid: source.pid, text }),
      ),
    );
    let end = 0;
    return { bytes: Buffer.concat(messages), ends: messages.map((message) => (end += message.length)), lines: null };
  };
}

/** A line for each record, as in a file. A piece of a line that is too long for one block is a line of its own. */
function lineRecordsOf(policy: ServiceSinkPolicy): (block: Block, source: Source) => Records {
  const format = lineFormatOf(policy);
  const out = new OutBuffer();
  return (block, source) => {
    out.clear();
    const given = policy.format === "json" ? block : ungroupedOf(block);
    if (format === null) out.append(given.bytes.subarray(given.start, given.end));
    else format({ ...given, continues: false }, source, out);
    if (out.length > 0 && out.bytes[out.length - 1] !== NEWLINE) out.append(END_OF_LINE);
    const bytes = out.bytes.slice(0, out.length);
    const whole = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false };
    return { bytes, ends: Array.from(recordsOf(whole), ({ end }) => end), lines: linesPerRecordOf(given) };
  };
}

/** null: one each. */
function linesPerRecordOf({ bytes, start, records }: Block): readonly number[] | null {
  let from = start;
  return (
    records?.map((end) => {
      const lines = newlinesIn(bytes, from, end);
      from = end;
      return lines;
    }) ?? null
  );
}

const END_OF_LINE = new Uint8Array([NEWLINE]);
