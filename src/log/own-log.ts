import type { RotationPolicy } from "../core/log-policy.ts";
import { FileLog, type FileLogPorts } from "./file-log.ts";

/** The supervisor's own log file: lines that are formatted already, each with the time in front. */
export class OwnLog {
  readonly #ports: FileLogPorts;
  #file: FileLog | null = null;

  constructor(ports: FileLogPorts) {
    this.#ports = ports;
  }

  /** null before the first `configure`. */
  get file(): FileLog | null {
    return this.#file;
  }

  /** `at` is now, in microseconds since 1970. */
  configure(path: string, limits: RotationPolicy, at: number): void {
    const place = { path, limits, timeOf: timeOfLine };
    if (this.#file?.path === path) {
      this.#file.adjust(place, at);
    } else {
      this.#file?.close(at);
      this.#file = new FileLog(place, null, this.#ports);
    }
    this.#file.expectAge(at);
  }

  /** Lines without their newlines. `at` is now, in microseconds since 1970. */
  write(lines: readonly string[], at: number): void {
    const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
    const block = { bytes, start: 0, end: bytes.length, continues: false, unfinished: false };
    this.#file?.write(block, { service: "daemonsup", pid: 0, stream: "stderr", at, pipe: this });
  }
}

function timeOfLine(line: string): number | null {
  const at = Date.parse(line.slice(0, line.indexOf(" ")));
  return Number.isNaN(at) ? null : at;
}
