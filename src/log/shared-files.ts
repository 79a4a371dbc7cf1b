import { FileLog, type FileLogPorts } from "./file-log.ts";
import type { SinkPlace } from "./file-sink.ts";
import type { LineFormat } from "./line-format.ts";
import type { LossNews } from "./loss-tally.ts";

/** What one service wants of a log file. */
export interface FileUse {
  /** As its definition names it. */
  readonly sink: string;
  readonly place: SinkPlace;
  readonly format: LineFormat;
}

export interface SharedFilesPorts extends Omit<FileLogPorts, "report" | "lost"> {
  lost(loss: LossNews): void;
  /** `service`: null if it concerns more than one, or the supervisor itself. */
  report(service: string | null, message: string, recovered: boolean): void;
}

/** As whom the supervisor writes its own lines; no service has this name. */
export const OWN_WRITER = "daemonsup";

interface Shared {
  readonly file: FileLog;
  readonly uses: Map<string, FileUse>;
  /** Also of services that have left, while the file has refused lines of theirs that are yet to be written. */
  readonly formats: Map<string, LineFormat>;
}

/**
 * The log files of a thread, each once, whoever writes it: so the lines of several services come one after the other, a
 * rotation happens once, and the journal sees one file. Each service keeps its own format; all rotate in the same way.
 */
export class SharedFiles {
  readonly #ports: SharedFilesPorts;
  readonly #files = new Map<string, Shared>();

  constructor(ports: SharedFilesPorts) {
    this.#ports = ports;
  }

  /** The file for a service that writes it, in this way from now on. `at` is now, in microseconds since 1970. */
  join(service: string, use: FileUse, at: number): FileLog {
    const { path } = use.place;
    const shared = this.#files.get(path) ?? this.#open(use);
    this.#files.set(path, shared);
    if (shared.uses.size > 0) shared.file.flush(at);
    shared.uses.set(service, use);
    shared.formats.set(service, use.format);
    applyUses(shared, use.place, at);
    shared.file.expectAge(at);
    return shared.file;
  }

  /** The service writes the file no more; with the last one it is closed. `at` is now. */
  leave(service: string, path: string, at: number): void {
    const shared = this.#files.get(path);
    const use = shared?.uses.get(service);
    if (shared === undefined || use === undefined) return;
    if (shared.uses.size === 1) {
      shared.file.close(at);
      this.#files.delete(path);
      return;
    }
    shared.file.flush(at);
    shared.uses.delete(service);
    applyUses(shared, use.place, at);
  }

  #open({ place, format, sink: first }: FileUse): Shared {
    const uses = new Map<string, FileUse>();
    const report = (message: string, recovered: boolean): void => {
      const [only = OWN_WRITER, other] = uses.keys();
      this.#ports.report(other === undefined && only !== OWN_WRITER ? only : null, message, recovered);
    };
    const lost = (service: string, lines: number): void =>
      this.#ports.lost({ service, sink: uses.get(service)?.sink ?? first, reason: "failed", lines });
    return { file: new FileLog(place, format, { ...this.#ports, report, lost }), uses, formats: new Map() };
  }
}

function applyUses({ file, uses, formats }: Shared, { path, limits }: SinkPlace, at: number): void {
  const waiting = new Set(file.heldBack.map(({ source }) => source.service));
  for (const service of formats.keys()) if (!uses.has(service) && !waiting.has(service)) formats.delete(service);
  const times = [...uses.values()].map(({ place }) => place.timeOf);
  // The first line may be anybody's.
  const timeOf = (line: string): number | null => times.reduce<number | null>((said, of) => said ?? of(line), null);
  file.isShared = uses.size > 1;
  file.format = formatOf(formats);
  file.adjust({ path, limits, timeOf }, at);
}

function formatOf(formats: ReadonlyMap<string, LineFormat>): LineFormat {
  const [only = null] = formats.values();
  if (formats.size <= 1) return only;
  return (block, source, out) => {
    const format = formats.get(source.service) ?? null;
    if (format === null) out.append(block.bytes.subarray(block.start, block.end));
    else format(block, source, out);
  };
}
