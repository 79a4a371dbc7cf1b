import type { DirectBeginning } from "../core/direct-output.ts";
import { logPlacesOf } from "../core/log-place.ts";
import { logFilesOf, type FileSinkPolicy, type LogPolicy } from "../core/log-policy.ts";
import { DirectLogs } from "./direct-logs.ts";
import type { FileLog } from "./file-log.ts";
import { MOST_TAIL_BYTES, readFileTail } from "./file-tail.ts";
import { FollowFeed } from "./follow-feed.ts";
import { LastLines, type KeptLine } from "./last-lines.ts";
import { isFiltering } from "./line-filter.ts";
import type { Block } from "./line-framer.ts";
import type { OutputMark, PlaneLine } from "./plane-messages.ts";
import { ServiceSinks, type SinkSetPorts } from "./service-sinks.ts";
import type { Source } from "./source.ts";

/** Where the lines of one service go. A service that has said nothing costs no more than its policy. */
export class ServiceLog {
  readonly #ports: SinkSetPorts;
  readonly #sinks: ServiceSinks;
  /** The file that holds every line, so that the last ones need not be kept here; null: there is none. */
  #whole: WholeFile | null = null;
  /** true: files hold every line, in the end, though the last ones are kept here as well. */
  #isInFiles = false;
  #lastLines: LastLines | null = null;
  #feed: FollowFeed | null = null;
  /** The files that the service writes itself; null: they are written for it. */
  #direct: DirectLogs | null = null;

  constructor(ports: SinkSetPorts) {
    this.#ports = ports;
    this.#sinks = new ServiceSinks(ports, this);
  }

  /**
   * What happens to the lines from now on; before the first call, the last of them are kept in memory. `standard` is the
   * path of a file that has none of its own. `at` is now, in microseconds since 1970.
   */
  configure(policy: LogPolicy, standard: string | null, at: number): void {
    this.#sinks.configure(policy, standard, at);
    const whole = standard === null ? null : wholeFileOf(policy, standard);
    const log = this.#sinks.files.get(whole?.path ?? "");
    this.#whole = whole === null || log === undefined ? null : { ...whole, log };
    this.#isInFiles = whole === null && standard !== null && logPlacesOf(policy, standard).isComplete;
    this.#configureDirect(policy, standard);
  }

  /** A run begins of a service that writes its files itself; `began`: where they ended then. */
  begin(run: number, began: readonly DirectBeginning[]): void {
    this.#direct?.begin(run, began);
  }

  /** Moves away what the service writes itself, if that is due. */
  rotate(): void {
    this.#direct?.rotate();
    this.#reopenFiles(this.#ports.direct.now());
  }

  write(block: Block, source: Source): void {
    // Of a file with lines of others, the last ones may all be theirs.
    if (this.#whole === null || this.#whole.log.isShared) this.#remember(block, source);
    this.#sinks.write(block, source);
    // What is read out of the file is told of then.
    if (this.#direct === null && !this.#sinks.tellsRecords(source.stream)) this.tell(block, source);
  }

  /** Lets those who follow hear of it. */
  tell(block: Block, source: Source): void {
    this.#feed?.add(block, source);
  }

  /** The last `count` lines (oldest first) of a run that began last; null: it is none that writes its files itself. */
  lastWords(run: number, count: number, most: number): readonly PlaneLine[] | null {
    return this.#direct?.lastWords(run, count, most) ?? null;
  }

  /** The last `count` lines, oldest first; `most`: so many bytes of files are read. */
  tail(count: number, most = MOST_TAIL_BYTES): readonly PlaneLine[] {
    this.#sinks.flush();
    const whole = this.#whole;
    if (this.#direct !== null) return [...this.#direct.tail(count, most), ...this.#linesInMemory()].slice(-count);
    if (whole?.log.isShared === true) return (this.#lastLines?.lines ?? []).map(planeLineOf).slice(-count);
    const inMemory = this.#linesInMemory();
    const wanted = count - inMemory.length;
    if (whole === null || wanted <= 0) return inMemory.slice(-count);
    const { path, policy } = whole;
    return [...readFileTail(path, wanted, { files: this.#ports.files, policy, most }), ...inMemory];
  }

  /** Where the files are, and what is not in the one that holds every line (yet). `at` is now. */
  mark(at: number): OutputMark {
    this.#sinks.flush();
    if (this.#direct !== null) return { files: this.#direct.marks(), lines: this.#linesInMemory(), underway: null };
    const files = [...this.#sinks.files.values()].map((file) => file.mark()).filter((mark) => mark !== null);
    if (this.#isInFiles) return { files, lines: [], underway: this.#sinks.underway(at) };
    return { files, lines: this.#linesInMemory(), underway: null };
  }

  /** true: nothing more is to be read of the service for the moment. `at` is now, in microseconds since 1970. */
  isHeld(at: number): boolean {
    return this.#sinks.isHeld(at);
  }

  follow(on: boolean): void {
    this.#feed = on ? (this.#feed ?? new FollowFeed()) : null;
    if (this.#direct !== null) this.#direct.isFollowed = on;
  }

  /** Lines for the followers since the last call; each array that is not empty is to be acknowledged. */
  takeFollowed(): readonly PlaneLine[] {
    return this.#feed?.take() ?? [];
  }

  acknowledgeFollowed(): void {
    this.#feed?.acknowledge();
  }

  flush(at: number): void {
    this.#sinks.flush();
    // Whoever flushes may go away, and what has come to a file is not to be taken for lost then.
    this.#sinks.tick(at);
    for (const file of this.#sinks.files.values()) file.flush(at);
  }

  /** Rotates and removes what is old enough, and says what is due to be said. */
  rotateIfDue(at: number): void {
    this.#sinks.tick(at);
    this.#direct?.tick();
    for (const file of this.#sinks.files.values()) file.rotateIfDue(at);
  }

  reopen(at: number): void {
    this.#direct?.reopen();
    this.#reopenFiles(at);
  }

  #reopenFiles(at: number): void {
    for (const file of this.#sinks.files.values()) file.reopen(at);
  }

  close(at: number): void {
    this.#sinks.close(at);
    this.#direct?.close();
  }

  #configureDirect(policy: LogPolicy, standard: string | null): void {
    if (policy.direct === null || standard === null) {
      this.#direct?.close();
      this.#direct = null;
      return;
    }
    const { service, direct, report, wakeAt } = this.#ports;
    this.#direct ??= new DirectLogs(service, { ...direct, report, wakeAt }, (block, source) =>
      this.#feed?.add(block, source),
    );
    this.#direct.configure(policy, standard);
    this.#direct.isFollowed = this.#feed !== null;
  }

  #linesInMemory(): PlaneLine[] {
    const { service } = this.#ports;
    const heldBack = this.#whole?.log.heldBack.filter(({ source }) => source.service === service);
    return (heldBack ?? this.#lastLines?.lines ?? []).map(planeLineOf);
  }

  #remember(block: Block, source: Source): void {
    this.#lastLines ??= new LastLines();
    this.#lastLines.add(block, source);
  }
}

interface WholeFile {
  readonly path: string;
  readonly policy: FileSinkPolicy;
  readonly log: FileLog;
}

function wholeFileOf(policy: LogPolicy, standard: string): { path: string; policy: FileSinkPolicy } | null {
  const found = logFilesOf(policy, standard).find(({ sink }) => isWhole(sink));
  return found === undefined ? null : { path: found.path, policy: found.sink };
}

/** Every line of the service is in it, in the end. */
function isWhole({ streams, filter, feed }: FileSinkPolicy): boolean {
  return streams.length > 1 && !isFiltering(filter) && feed.tag !== "drop";
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function planeLineOf(line: KeptLine): PlaneLine {
  const { stream, pid, at } = line.source;
  return { at, stream, pid, text: decoder.decode(line.bytes.subarray(0, -1)) };
}
