/* The records of services in a file of the runtime directory, for a successor. Part of the composition root. */
import type { Definition } from "./core/definition.ts";
import { SAVED_VERSION, type SavedService, convertSaved, decodeSaved, encodeSaved } from "./core/saved-record.ts";
import type { ServiceAction } from "./core/service-event.ts";
import type { ServiceRecord } from "./core/service-record.ts";
import { type RecordFile, type RecordReading, readRecordFile } from "./os/record-file.ts";
import type { FoundText, RecordOpener } from "./os/record-left.ts";
import type { Report } from "./supervisor/ports.ts";

const PREFIX = "service ";
/** A shutdown has begun. */
const SHUTDOWN = "shutdown";
const NOTHING: readonly ServiceAction[] = [];

/** What was last written of a service. */
interface Written {
  /** Made once: it is looked up with each change. */
  readonly key: string;
  saved: SavedService;
}

export class ServiceRecords {
  /** null: nothing is written yet; or it cannot be opened, and a successor goes by the state mapping alone. */
  #file: RecordFile | null = null;
  #left: RecordReading | null;
  #found: ReadonlyMap<string, FoundText>;
  problems: readonly string[];
  /** What the configuration that is written down has, as the records name it. */
  readonly #standing = new Map<string, Definition>();
  readonly #written = new Map<string, Written>();
  #hasComplained = false;
  report: Report = () => {};

  private constructor(left: RecordReading) {
    this.#left = left;
    this.#found = left.tag === "ok" ? left.found : new Map();
    this.problems = left.tag === "ok" ? left.problems : [left.message];
  }

  /** Reads what a predecessor has left, which stays as it is until `goOn` is called. */
  static open(path: string, { bootId, keeper }: Pick<RecordOpener, "bootId" | "keeper">): ServiceRecords {
    return new ServiceRecords(readRecordFile(path, { bootId, keeper, version: SAVED_VERSION, convert: convertSaved }));
  }

  /** From now on what is kept is written down. Once: it takes as long as reading, and whoever asks first need not wait for it. */
  goOn(): void {
    const begun = this.#left?.tag === "ok" ? this.#left.goOn() : null;
    this.#left = null;
    if (begun === null) return;
    if (begun.tag === "ok") this.#file = begun.file;
    else this.problems = [...this.problems, begun.message];
  }

  /** What a predecessor that went by these definitions has left, and why some of it cannot be used. From now on they are in force. */
  begin(definitions: readonly Definition[]): {
    readonly saved: ReadonlyMap<string, SavedService>;
    readonly problems: readonly string[];
    /** What was noted of a shutdown that had begun; null: none had. */
    readonly ending: string | null;
  } {
    for (const definition of definitions) this.#standing.set(definition.name, definition);
    const saved = new Map<string, SavedService>();
    const problems: string[] = [];
    for (const [key, { text, isDone }] of this.#found) {
      if (!key.startsWith(PREFIX)) continue;
      const service = key.slice(PREFIX.length);
      const reading = decodeSaved(text, service, (name) => this.#standing.get(name) ?? null);
      if (reading.tag === "ok") saved.set(service, isDone ? { ...reading.saved, actions: [] } : reading.saved);
      else problems.push(`${service}: cannot read its record: ${reading.reason}; going by its processes alone`);
    }
    const ending = this.#found.get(SHUTDOWN)?.text ?? null;
    this.#found = new Map();
    return { saved, problems, ending };
  }

  /** Nobody is to go by what is left. */
  discard(): void {
    this.#found = new Map();
    this.#file?.clear();
  }

  /** A shutdown begins. Without room for that, a start after one that was cut off leaves what it has ended. */
  noteShutdown(text: string): void {
    this.#file?.write(SHUTDOWN, text);
  }

  /** Nobody is to go on with one. */
  forgetShutdown(): void {
    this.#file?.forget(SHUTDOWN);
  }

  keep(record: ServiceRecord, actions: readonly ServiceAction[] | null, run: number | null): void {
    const service = record.definition.name;
    const known = this.#written.get(service);
    const saved = { record, actions: actions ?? known?.saved.actions ?? NOTHING, run };
    const written = known ?? { key: `${PREFIX}${service}`, saved };
    written.saved = saved;
    if (known === undefined) this.#written.set(service, written);
    this.#write(service, written);
  }

  performed(service: string): void {
    const written = this.#written.get(service);
    if (written === undefined) return;
    written.saved = { ...written.saved, actions: NOTHING };
    this.#file?.done(written.key);
  }

  forget(service: string): void {
    this.#written.delete(service);
    this.#file?.forget(`${PREFIX}${service}`);
  }

  /** Another configuration is about to be written down: what these services run by is written with their records until then. */
  leave(services: Iterable<string>): void {
    for (const service of services) {
      this.#standing.delete(service);
      const written = this.#written.get(service);
      if (written !== undefined) this.#write(service, written);
    }
  }

  /** These are in force from now on, and written down. */
  stand(definitions: readonly Definition[]): void {
    for (const definition of definitions) {
      if (!this.#standing.has(definition.name)) this.#standing.set(definition.name, definition);
    }
  }

  #write(service: string, { key, saved }: Written): void {
    const text = encodeSaved(saved, this.#standing.get(service) ?? null);
    const failure = this.#file?.write(key, text) ?? null;
    if (failure === null || this.#hasComplained) return;
    this.#hasComplained = true;
    this.report(
      "err",
      `${service}: its record cannot be written: ${failure}; a successor would not go on with all of it`,
    );
  }
}
