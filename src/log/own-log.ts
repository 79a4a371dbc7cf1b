import { SINGLE_LINES, SYSLOG_SEVERITIES, type OwnLogPolicy } from "../core/log-policy.ts";
import { FileLog, type FileLogPorts } from "./file-log.ts";
import { ServiceSinks, type SinkSetPorts } from "./service-sinks.ts";

/** The supervisor's own log: lines that are formatted already, each with the time in front, to a file and to other sinks. */
export class OwnLog {
  readonly #ports: FileLogPorts;
  readonly #sinks: ServiceSinks;
  #hasSinks = false;
  #file: FileLog | null = null;

  constructor(ports: SinkSetPorts & Omit<FileLogPorts, "lost">) {
    // What it has lost it says itself.
    this.#ports = { ...ports, lost: () => undefined };
    this.#sinks = new ServiceSinks(ports, null);
  }

  /** null before the first `configure`. */
  get file(): FileLog | null {
    return this.#file;
  }

  /** `at` is now, in microseconds since 1970. */
  configure(path: string, policy: OwnLogPolicy, at: number): void {
    const place = { path, limits: policy, timeOf: timeOfLine };
    if (this.#file?.path === path) {
      this.#file.adjust(place, at);
    } else {
      this.#file?.close(at);
      this.#file = new FileLog(place, null, this.#ports);
    }
    this.#file.expectAge(at);
    this.#hasSinks = policy.sinks.length > 0;
    this.#sinks.configure({ sinks: policy.sinks, multiline: SINGLE_LINES, isJoined: false, direct: null }, null, at);
  }

  /** Lines without their newlines. `at` is now, in microseconds since 1970. */
  write(lines: readonly string[], at: number): void {
    const bytes = encoder.encode(`${lines.join("\n")}\n`);
    const block = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false };
    this.#file?.write(block, { service: "daemonsup", pid: 0, stream: "stderr", at, pipe: this });
    if (this.#hasSinks) for (const line of lines) this.#writeRecord(line, at);
  }

  /** What is in front of a line for the file becomes the time and the priority of a record. */
  #writeRecord(line: string, now: number): void {
    const [, time = "", severity = "", text = line] = /^(\S+) ([a-z]+): ([^]*)$/.exec(line) ?? [];
    const priority = SYSLOG_SEVERITIES.findIndex((each) => each === severity);
    const bytes = encoder.encode(`<${priority < 0 ? 6 : priority}>${text}\n`);
    const block = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false, records: [bytes.length] };
    const at = Date.parse(time) * 1000;
    const source = { service: "daemonsup", pid: process.pid, stream: "stderr", pipe: this } as const;
    this.#sinks.write(block, { ...source, at: Number.isNaN(at) ? now : at });
  }
}

const encoder = new TextEncoder();

function timeOfLine(line: string): number | null {
  const at = Date.parse(line.slice(0, line.indexOf(" ")));
  return Number.isNaN(at) ? null : at;
}
