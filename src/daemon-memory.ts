/*
 * What the supervisor writes down of its services: in the shared mapping of the runtime directory, and what was stopped by
 * hand in the state directory as well, which outlives a boot.
 */
import { readlinkSync } from "node:fs";
import type { Exit } from "./core/exit.ts";
import { type Directories, beginningFileOf, recordsFileOf, stateFileOf } from "./core/paths.ts";
import type { ServiceAction } from "./core/service-event.ts";
import type { ServiceRecord } from "./core/service-record.ts";
import type { EstatePort } from "./core/estate.ts";
import { keeperOf } from "./daemon-estate.ts";
import type { WallTime } from "./core/units.ts";
import { CannotStart } from "./daemon-failure.ts";
import { ServiceRecords } from "./daemon-records.ts";
import { type Beginning, readBeginning, writeBeginning } from "./os/beginning-file.ts";
import { loadNative } from "./os/native.ts";
import { type ProcessRow, readBootId, readProcess } from "./os/processes.ts";
import type { RecordAddress } from "./os/spawn-request.ts";
import { readUnreapedExit } from "./os/process-exit.ts";
import { isFoundProcess } from "./os/state-found.ts";
import { type Predecessor, type StateMapping, openStateMapping } from "./os/state-mapping.ts";
import { NO_INVOCATION } from "./os/state-record.ts";
import type { StateSlot } from "./os/state-slot.ts";
import type { FoundRecord } from "./os/state-table.ts";
import { readStoppedFile, stoppedFileOf, writeStoppedFile } from "./os/stopped-file.ts";
import { KeptStops, type StopSources, putTogether } from "./supervisor/kept-stops.ts";
import type { MemoryPort, Report, TimerPort } from "./supervisor/ports.ts";
import type { Remembered } from "./supervisor/predecessor.ts";
import { isEnded } from "./supervisor/process-snapshot.ts";

export class ServiceMemory implements MemoryPort {
  /** What was left by a predecessor, and what of it could not be read. */
  readonly remembered: readonly Remembered[];
  readonly problems: readonly string[];
  readonly #mapping: StateMapping;
  readonly #slots = new Map<string, StateSlot>();
  /** Services without a slot of which that was said. */
  readonly #without = new Set<string>();
  readonly #stops: KeptStops;
  readonly #records: ServiceRecords;
  /** true: a predecessor has died, and what it left counts. */
  readonly hasPredecessor: boolean;
  #report: Report = () => {};

  private constructor(
    mapping: StateMapping,
    { stops, records, ...found }: Found & { readonly stops: StopsOpened; readonly records: ServiceRecords },
  ) {
    this.#mapping = mapping;
    this.#records = records;
    this.hasPredecessor = found.hasPredecessor;
    this.remembered = found.remembered;
    this.problems = found.problems;
    this.#stops = new KeptStops(stops.isDamaged ? null : (stops.kept ?? new Set()), {
      write: (services) => writeStoppedFile(stops.path, services),
      report: (severity, message) => this.#report(severity, message),
      timers: stops.timers,
    });
  }

  /** What a predecessor has written of its services, which can be read before all else; `open` goes on with it. The caller holds the supervisor's lock. */
  static openRecords({ directories, estate }: Pick<MemorySources, "directories" | "estate">): ServiceRecords {
    const path = recordsFileOf(directories.runtime);
    return ServiceRecords.open(path, { bootId: bootAndNamespace(), keeper: keeperOf(estate, "records") });
  }

  /** The caller holds the supervisor's lock, and that of the state directory. */
  static open({ directories, timers, estate, records }: MemorySources): ServiceMemory {
    records.goOn();
    const bootId = bootAndNamespace();
    const opened = openStateMapping(stateFileOf(directories.runtime), {
      bootId,
      pid: process.pid,
      keeper: keeperOf(estate, "state"),
    });
    if (opened.tag === "failed") throw new CannotStart([opened.message]);
    const { mapping, predecessor, setAside } = opened;
    const hasPredecessor = hasDied(predecessor);
    if (!hasPredecessor) records.discard();
    const stops = openStops(stoppedFileOf(directories.state), timers);
    const problems = [
      ...opened.problems,
      ...(setAside === null ? [] : [`what could not be read is kept in "${setAside}"`]),
      ...stops.problems,
      ...records.problems,
    ];
    const mapped = mapping.records().map((record) => rememberedOf(record, predecessor));
    const isMappingNewer = predecessor.tag !== "foreign";
    const remembered = putTogether({ mapped, isMappingNewer, kept: stops.kept });
    return new ServiceMemory(mapping, { remembered, problems, hasPredecessor, stops, records });
  }

  /** What is written down of services, by the definitions of the configuration that is written down. */
  get records(): ServiceRecords {
    return this.#records;
  }

  /** The main process of the service as a predecessor has left it; null: there was none any more. */
  mainOf(service: string): number | null {
    return this.remembered.find((memory) => memory.service === service)?.main?.pid ?? null;
  }

  /** How many supervisors there have been here, this one included. */
  get generation(): number {
    return this.#mapping.generation;
  }

  /** Since when there have been supervisors, this one of this `version` included, that went on one after the other. */
  beginning(runtime: string, version: string, now: WallTime): Beginning {
    const path = beginningFileOf(runtime);
    const known = this.hasPredecessor ? readBeginning(path) : null;
    if (known?.version === version) return known;
    const { since, generation } = known ?? { since: now, generation: this.generation };
    const beginning = { since, generation, version, versionSince: now };
    const problem = writeBeginning(path, beginning);
    if (problem !== null) this.#report("warning", problem);
    return beginning;
  }

  /** Who is to hear, once for each, of what cannot be written down. From now on what was remembered is written down anew. */
  reportTo(report: Report): void {
    this.#report = report;
    this.#records.report = report;
    this.#stops.begin(this.remembered);
  }

  /** Where the child of the service is to write its own pid; null if there is no room for it. */
  addressOf(service: string): RecordAddress | null {
    return this.#slotOf(service)?.address ?? null;
  }

  intend(service: string, invocation: string): void {
    this.#slotOf(service)?.intent(invocation, loadNative().bootNanoseconds());
  }

  running(service: string, pid: number, startTicks: number): void {
    this.#slotOf(service)?.running(pid, startTicks);
  }

  exited(service: string, exit: Exit | null): void {
    this.#slotOf(service)?.exited(exit);
  }

  async wanted(service: string, want: "up" | "down" | null): Promise<void> {
    this.#slotOf(service)?.setWant(want ?? "configured");
    await this.#stops.set(service, want === "down");
  }

  keep(record: ServiceRecord, actions: readonly ServiceAction[] | null, run: number | null): void {
    this.#records.keep(record, actions, run);
  }

  performed(service: string): void {
    this.#records.performed(service);
  }

  forget(service: string): void {
    this.#records.forget(service);
    this.#slots.delete(service);
    this.#mapping.free(service);
    void this.#stops.set(service, false);
  }

  /** What is still to be written is written, or the disk takes its time. */
  settled(): Promise<void> {
    return this.#stops.settled();
  }

  /** Everything has been stopped: a successor has nothing to look for. */
  closeCleanly(): void {
    this.#records.discard();
    this.#mapping.closeCleanly();
  }

  // Without a slot a service runs all the same: a full disk must not keep it down.
  #slotOf(service: string): StateSlot | null {
    const known = this.#slots.get(service);
    if (known !== undefined) return known;
    const allocation = this.#mapping.allocate(service);
    if (allocation.tag === "failed") {
      if (!this.#without.has(service))
        this.#report(
          "err",
          `${service}: cannot be written down: ${allocation.reason}; it is not found again should the supervisor die`,
        );
      this.#without.add(service);
      return null;
    }
    this.#without.delete(service);
    this.#slots.set(service, allocation.slot);
    return allocation.slot;
  }
}

interface MemorySources {
  readonly directories: Pick<Directories, "runtime" | "state">;
  readonly timers: TimerPort;
  /** Keeps the files of the runtime directory open for a successor. */
  readonly estate: EstatePort;
  readonly records: ServiceRecords;
}

type Found = Pick<ServiceMemory, "remembered" | "problems" | "hasPredecessor">;

interface StopsOpened extends Pick<StopSources, "kept"> {
  readonly path: string;
  readonly timers: TimerPort;
  readonly isDamaged: boolean;
  readonly problems: readonly string[];
}

function openStops(path: string, timers: TimerPort): StopsOpened {
  const found = readStoppedFile(path);
  const kept = found.tag === "read" ? found.services : null;
  if (found.tag !== "failed") return { path, timers, kept, isDamaged: false, problems: [] };
  const problem = `${found.message}, so what was stopped by hand before the last boot is not known`;
  return { path, timers, kept, isDamaged: true, problems: [problem] };
}

/** Process numbers mean something only within one boot and one pid namespace. */
export function bootAndNamespace(): string {
  let namespace = "";
  try {
    namespace = readlinkSync("/proc/self/ns/pid");
  } catch {
    // A kernel without namespaces has only one.
  }
  return readBootId() + namespace;
}

function hasDied({ tag }: Predecessor): boolean {
  return tag === "died" || tag === "unknown";
}

function rememberedOf(record: FoundRecord, predecessor: Predecessor): Remembered {
  const want = record.want === "configured" ? null : record.want;
  const known = { service: record.name, want, exit: record.exit };
  if (!hasDied(predecessor)) return { ...known, invocation: null, main: null, isMainGone: false };
  const invocation = record.invocationId === NO_INVOCATION ? null : record.invocationId;
  const main = mainOf(record);
  const isMainGone = main === null && record.process.tag !== "none";
  const exit = record.exit ?? (main !== null && isEnded(main) ? readUnreapedExit(main.pid) : null);
  return { ...known, invocation, main, isMainGone, exit };
}

/** Alive, or ended and not reaped; null: it is gone. */
function mainOf({ process }: FoundRecord): ProcessRow | null {
  const row = process.tag === "none" ? null : readProcess(process.pid);
  return row !== null && process.tag !== "none" && isFoundProcess(process, row.startTicks) ? row : null;
}
