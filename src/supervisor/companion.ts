import type { Definition } from "../core/definition.ts";
import type { PlainData } from "../core/plain-data.ts";
import type { ServiceEvent } from "../core/service-event.ts";
import type { ServiceRecord } from "../core/service-record.ts";

/**
 * Something that accompanies services through their lives: it sees every change, equips their processes, and tells the
 * fleet what it finds out. Each knows nothing of the others.
 */
export interface Companion {
  /**
   * false: there is nothing to do for a service that has never had another definition than such ones; it is not told of then
   * what becomes of the service. Without this, it has to do with every service.
   */
  concerns?(definition: Definition): boolean;
  /** The service is new, or has another definition; it takes effect at once or with the next run. Before the record says so. */
  configured?(definition: Definition): void;
  /**
   * A record has changed, its state or anything else; called within the step, so events go through `Tell` alone. What is written
   * down with the next change (`annotateNext`) is so when all companions have been told, before anything follows from this one.
   */
  changed(record: ServiceRecord, previous: ServiceRecord): void;
  /** A main process is about to be started: what it is to be given. A reason if it cannot be: the start has failed. */
  equip?(definition: Definition, invocation: string): Equipment | string;
  /** The process of the last `equip` exists; or no process came of it (pid null). Ends that it was to inherit may be closed. */
  began?(definition: Definition, pid: number | null): void;
  /**
   * The service goes on from where a supervisor that is gone has left it: its record is what it was there. Called once for each,
   * when all records are in place and before any change; `run` is what of it is alive, null if nothing is.
   */
  adopted?(record: ServiceRecord, run: AdoptedRun | null): void;
  /** Every service that is to go on has been adopted: what was left for any other is nobody's. */
  allAdopted?(): void;
  /** The service is gone for good. */
  forgotten?(service: string): void;
  /** The supervisor is about to end: nothing is told any more. */
  close?(): void;
}

/** A run that was begun by a supervisor that is gone. */
export interface AdoptedRun {
  /** INVOCATION_ID. */
  readonly invocation: string;
  /** The main process; null if only others are left. */
  readonly pid: number | null;
}

/** What a process gets beside what its definition says. */
export interface Equipment {
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors of this process and the numbers that they have in the child, 3 or more. */
  readonly descriptors: readonly { readonly fd: number; readonly as: number }[];
}

/** Writes down about a service what a successor finds in `beside` of its record, under this word; null: nothing any more. */
export type Annotate = (service: string, word: string, data: PlainData) => void;

/** Tells the fleet; carried out after the step that is at work. */
export type Tell = (service: string, event: ServiceEvent) => void;
