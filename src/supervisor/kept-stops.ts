/*
 * What an operator has stopped stays stopped over a reboot and a loss of power: the names are kept in the state directory,
 * on the disk before the stop is answered. Within one boot the state mapping says more, and counts: it is written at once.
 * A start by hand of what a definition does not start is not kept: a boot starts what the definitions say, less what was
 * stopped.
 */
import { millis } from "../core/units.ts";
import { LatestWriter, type WriteWhole } from "./latest-writer.ts";
import type { Report, TimerPort } from "./ports.ts";
import type { Remembered } from "./predecessor.ts";

/** How long an answer is held up by a disk that does not get on. */
const PATIENCE = millis(2_000);

export interface KeptStopsPorts {
  readonly write: WriteWhole<ReadonlySet<string>>;
  readonly report: Report;
  readonly timers: TimerPort;
}

export class KeptStops {
  readonly #ports: KeptStopsPorts;
  readonly #writer: LatestWriter<ReadonlySet<string>>;
  readonly #stopped: Set<string>;
  #isUnwritten: boolean;
  #settling: Promise<void> | null = null;
  #hasComplained = false;

  /** `stopped`: those that the file names; null: it cannot be read, and is to be written anew. */
  constructor(stopped: ReadonlySet<string> | null, ports: KeptStopsPorts) {
    this.#ports = ports;
    this.#stopped = new Set(stopped);
    this.#isUnwritten = stopped === null;
    this.#writer = new LatestWriter(ports.write, (problem) => this.#wrote(problem));
  }

  /** Takes over what is remembered at the start, which is what counts from now on. */
  begin(remembered: readonly Remembered[]): void {
    for (const { service, want } of remembered) this.#note(service, want === "down");
    void this.settled();
  }

  /** Resolves once that would outlive a loss of power, or it is clear that it would not, or the disk takes its time. Never rejects. */
  set(service: string, isStopped: boolean): Promise<void> {
    this.#note(service, isStopped);
    return this.settled();
  }

  /** Tries again what could not be written. Resolves as `set` does. */
  settled(): Promise<void> {
    if (this.#isUnwritten) {
      const written = this.#writer.write(new Set(this.#stopped));
      this.#settling ??= this.#soonOr(written);
    }
    return this.#settling ?? Promise.resolve();
  }

  #note(service: string, isStopped: boolean): void {
    if (this.#stopped.has(service) === isStopped) return;
    if (isStopped) this.#stopped.add(service);
    else this.#stopped.delete(service);
    this.#isUnwritten = true;
  }

  async #soonOr(written: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<"late">();
    const cancel = this.#ports.timers.after(PATIENCE, () => late.resolve("late"));
    if ((await Promise.race([written, late.promise])) === "late")
      this.#complain(`cannot note what was stopped by hand: the disk has not answered within ${PATIENCE / 1000}s`);
    cancel();
    this.#settling = null;
  }

  #wrote(problem: string | null): void {
    this.#isUnwritten = problem !== null;
    if (problem === null) this.#hasComplained = false;
    else this.#complain(`${problem}; what was stopped by hand is started again after a reboot`);
  }

  /** Once, until it works again. */
  #complain(problem: string): void {
    if (!this.#hasComplained) this.#ports.report("warning", problem);
    this.#hasComplained = true;
  }
}

export interface StopSources {
  /** What the state mapping says. */
  readonly mapped: readonly Remembered[];
  /** true: the mapping is of this boot and pid namespace, so it is newer than the file. */
  readonly isMappingNewer: boolean;
  /** The names in the file; null: there is none that can be read. */
  readonly kept: ReadonlySet<string> | null;
}

/** What is remembered in all: of a service of which the mapping says nothing, or nothing new, the file counts. */
export function putTogether({ mapped, isMappingNewer, kept }: StopSources): readonly Remembered[] {
  if (kept === null) return mapped;
  const known = new Set(mapped.map(({ service }) => service));
  const wantOf = (service: string): Remembered["want"] => (kept.has(service) ? "down" : null);
  const told = mapped.map((memory) => (isMappingNewer ? memory : { ...memory, want: wantOf(memory.service) }));
  const others = [...kept].filter((service) => !known.has(service));
  return [
    ...told,
    ...others.map((service): Remembered => ({
      service,
      want: "down",
      invocation: null,
      main: null,
      isMainGone: false,
      exit: null,
    })),
  ];
}
