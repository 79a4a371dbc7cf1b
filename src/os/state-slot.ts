import type { Exit } from "../core/exit.ts";
import type { RecordAddress } from "./spawn-request.ts";
import { clearChildWord, FREE_RECORD, nextSequence, writeRecord, type StateRecord, type Want } from "./state-record.ts";

/** Where a record lies: its bytes in the mapping, and what a child has to know of it. */
export interface RecordPlace {
  readonly bytes: Uint8Array;
  readonly address: RecordAddress;
}

/**
 * The record of one service. Each call below is one step: whoever opens the mapping after a death of this process finds
 * the service either as before the call or as after it.
 */
export class StateSlot {
  readonly #place: RecordPlace;
  #record: StateRecord;
  #sequence: number;
  /** true: it belongs to a service, and whoever opens the mapping does not see that yet. */
  #isUnsaid = false;

  constructor(place: RecordPlace, record: StateRecord, sequence: number) {
    this.#place = place;
    this.#record = record;
    this.#sequence = sequence;
  }

  get record(): StateRecord {
    return this.#record;
  }

  /** For the spawn that follows an intent. */
  get address(): RecordAddress {
    return this.#place.address;
  }

  /** Gives the record to a service. Nothing is to be found of that before there is something to say of the service. */
  begin(name: string): void {
    this.#record = { ...FREE_RECORD, name, phase: "exited" };
    this.#isUnsaid = true;
  }

  /** Takes it away again; returns the sequence number from which the next service's go on. */
  end(): number {
    this.#write(FREE_RECORD);
    return this.#sequence;
  }

  setWant(want: Want): void {
    if (want !== this.#record.want || this.#isUnsaid) this.#write({ ...this.#record, want });
  }

  /** Before a spawn. `invocationId`: 32 hexadecimal digits; `bootNs`: CLOCK_BOOTTIME now, in nanoseconds. */
  intent(invocationId: string, bootNs: number): void {
    clearChildWord(this.#place.bytes);
    this.#write({
      ...this.#record,
      phase: "intent",
      pid: 0,
      exit: null,
      startTicks: 0,
      invocationId,
      intentNs: bootNs,
    });
  }

  /** Once the start time of the process is known. Also when another process becomes the main one. */
  running(pid: number, startTicks: number): void {
    this.#write({ ...this.#record, phase: "running", pid, exit: null, startTicks });
  }

  /** Before the process is reaped; and after a spawn that failed (null), or where it is not known how it ended. */
  exited(exit: Exit | null): void {
    const known = exit?.tag === "unknown" ? null : exit;
    this.#write({ ...this.#record, phase: "exited", pid: 0, startTicks: 0, exit: known });
  }

  #write(record: StateRecord): void {
    this.#sequence = nextSequence(this.#sequence);
    this.#record = record;
    this.#isUnsaid = false;
    writeRecord(this.#place.bytes, record, this.#sequence);
  }
}
