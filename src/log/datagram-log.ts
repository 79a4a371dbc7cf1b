/*
 * The output of services on its way to the system's log, a datagram a line. It never waits: what does not fit now is
 * dropped and counted, since the daemon that would have to make room may itself be one of our services.
 */
import type { SyslogFacility, SyslogSeverity, SyslogSinkPolicy } from "../core/log-policy.ts";
import type { Report } from "./file-sink.ts";
import type { Block } from "./line-framer.ts";
import type { LossNews } from "./loss-tally.ts";
import type { Source } from "./source.ts";
import { syslogPiecesOf } from "./syslog-pieces.ts";

export interface DatagramLine {
  readonly facility: SyslogFacility;
  readonly severity: SyslogSeverity;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The name of the service. */
  readonly tag: string;
  readonly pid: number;
  /** Without newlines. */
  readonly text: string;
}

/** "full": the daemon does not keep up; "gone": there is none. Either way the line was not sent. */
export type SendDatagram = (line: DatagramLine) => "sent" | "full" | "gone";

export interface DatagramLogPorts {
  readonly send: SendDatagram;
  readonly report: Report;
  lost(loss: LossNews): void;
}

export class DatagramLog {
  readonly #ports: DatagramLogPorts;
  #dropped = 0;

  constructor(ports: DatagramLogPorts) {
    this.#ports = ports;
  }

  /** Sends the lines of the block, but for empty ones. */
  write(block: Block, source: Source, { facility, name }: Pick<SyslogSinkPolicy, "facility" | "name">): void {
    const at = Math.floor(source.at / 1000);
    for (const { severity, text } of syslogPiecesOf(block, source.stream)) {
      this.#sendLine({ facility, severity, at, tag: source.service, pid: source.pid, text }, name);
    }
  }

  #sendLine(line: DatagramLine, sink: string): void {
    const result = this.#ports.send(line);
    if (result === "sent") return this.#noteSent();
    if (this.#dropped === 0) {
      const reason = result === "full" ? "it does not keep up" : "nobody listens";
      this.#ports.report(`cannot send the output of services to syslog: ${reason}; lines are dropped`, false);
    }
    this.#dropped++;
    this.#ports.lost({ service: line.tag, sink, reason: result === "full" ? "slow" : "failed", lines: 1 });
  }

  #noteSent(): void {
    if (this.#dropped === 0) return;
    const words = this.#dropped === 1 ? "1 line was" : `${this.#dropped} lines were`;
    this.#dropped = 0;
    this.#ports.report(`the output of services reaches syslog again: ${words} dropped`, true);
  }
}
