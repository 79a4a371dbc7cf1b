import type { LogPolicy } from "../core/definition.ts";
import type { DatagramLog } from "./datagram-log.ts";
import { FileLog, type FileLogPorts } from "./file-log.ts";
import { MOST_TAIL_BYTES, readFileTail } from "./file-tail.ts";
import { FollowFeed } from "./follow-feed.ts";
import { LastLines, type KeptLine } from "./last-lines.ts";
import { lineFormatOf } from "./line-format.ts";
import type { Block } from "./line-framer.ts";
import { lineTimeOf } from "./parse-record.ts";
import type { OutputMark, PlaneLine } from "./plane-messages.ts";
import type { Source } from "./source.ts";

export interface ServiceLogPorts extends FileLogPorts {
  readonly datagrams: DatagramLog;
}

/** Where the lines of one service go. A service that has said nothing costs no more than its policy. */
export class ServiceLog {
  readonly #ports: ServiceLogPorts;
  #policy: LogPolicy | null = null;
  #file: FileLog | null = null;
  /** Only without a file: a file holds the last lines itself. */
  #lastLines: LastLines | null = null;
  #feed: FollowFeed | null = null;

  constructor(ports: ServiceLogPorts) {
    this.#ports = ports;
  }

  /** What happens to the lines from now on; before the first call, the last of them are kept in memory. */
  configure(policy: LogPolicy, path: string | null, at: number): void {
    this.#policy = policy;
    if (path === null || !policy.to.includes("file")) {
      this.#file?.close(at);
      this.#file = null;
      return;
    }
    const format = lineFormatOf(policy);
    const place = { path, limits: policy, timeOf: lineTimeOf(policy) };
    if (this.#file?.path === path) {
      this.#file.flush(at);
      this.#file.format = format;
      this.#file.adjust(place, at);
    } else {
      this.#file?.close(at);
      this.#file = new FileLog(place, format, this.#ports);
    }
    this.#file.expectAge(at);
  }

  write(block: Block, source: Source): void {
    if (this.#file === null) this.#remember(block, source);
    else this.#file.write(block, source);
    if (this.#policy?.to.includes("syslog") === true) this.#ports.datagrams.write(block, source, this.#policy.facility);
    this.#feed?.add(block, source);
  }

  /** The last `count` lines, oldest first; `most`: so many bytes of files are read. */
  tail(count: number, most = MOST_TAIL_BYTES): readonly PlaneLine[] {
    const inMemory = (this.#file?.heldBack ?? this.#lastLines?.lines ?? []).map(planeLineOf);
    const wanted = count - inMemory.length;
    if (this.#file === null || this.#policy === null || wanted <= 0) return inMemory.slice(-count);
    const read = { files: this.#ports.files, policy: this.#policy, most };
    return [...readFileTail(this.#file.path, wanted, read), ...inMemory];
  }

  /** Where the file is, and what is not in it (yet). */
  mark(): OutputMark {
    const lines = (this.#file?.heldBack ?? this.#lastLines?.lines ?? []).map(planeLineOf);
    return { file: this.#file?.mark() ?? null, lines };
  }

  follow(on: boolean): void {
    this.#feed = on ? (this.#feed ?? new FollowFeed()) : null;
  }

  /** Lines for the followers since the last call; each array that is not empty is to be acknowledged. */
  takeFollowed(): readonly PlaneLine[] {
    return this.#feed?.take() ?? [];
  }

  acknowledgeFollowed(): void {
    this.#feed?.acknowledge();
  }

  flush(at: number): void {
    this.#file?.flush(at);
  }

  /** Rotates and removes what is old enough. */
  rotateIfDue(at: number): void {
    this.#file?.rotateIfDue(at);
  }

  reopen(at: number): void {
    this.#file?.reopen(at);
  }

  close(at: number): void {
    this.#file?.close(at);
  }

  #remember(block: Block, source: Source): void {
    this.#lastLines ??= new LastLines();
    this.#lastLines.add(block, source);
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function planeLineOf(line: KeptLine): PlaneLine {
  const { stream, pid, at } = line.source;
  return { at: Math.floor(at / 1000), stream, pid, text: decoder.decode(line.bytes.subarray(0, -1)) };
}
