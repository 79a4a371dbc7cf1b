/* What a simulated supervisor writes down, as the real one does, and what its successor makes of it. */
import type { Exit } from "../../src/core/exit.ts";
import { type Evidence, type Restoration, restoreRecord } from "../../src/core/restore-record.ts";
import { type SavedService, decodeSaved, encodeSaved } from "../../src/core/saved-record.ts";
import type { ServiceAction } from "../../src/core/service-event.ts";
import type { ServiceRecord } from "../../src/core/service-record.ts";

export class FakeMemory {
  readonly #saved = new Map<string, SavedService>();
  /** How the last main process ended, of those whose end was noted. */
  readonly #exits = new Map<string, Exit>();
  /** Whose main process came into being, and has not ended as far as was noted. */
  readonly #begun = new Set<string>();

  keep(record: ServiceRecord, actions: readonly ServiceAction[] | null): void {
    const service = record.definition.name;
    this.#saved.set(service, { record, actions: actions ?? this.#saved.get(service)?.actions ?? [], run: null });
  }

  performed(service: string): void {
    const saved = this.#saved.get(service);
    if (saved !== undefined) this.#saved.set(service, { ...saved, actions: [] });
  }

  forget(service: string): void {
    this.#saved.delete(service);
    this.#exits.delete(service);
  }

  spawning(service: string): void {
    this.#exits.delete(service);
    this.#begun.delete(service);
  }

  /** The child writes itself down. */
  begun(service: string): void {
    this.#begun.add(service);
  }

  exited(service: string, exit: Exit): void {
    this.#exits.set(service, exit);
    this.#begun.delete(service);
  }

  recordOf(service: string): ServiceRecord | null {
    return this.#saved.get(service)?.record ?? null;
  }

  /** Everything, after it was written to the file and read from there. */
  restore(evidenceOf: (service: string) => Pick<Evidence, "main" | "others">): readonly Restoration[] {
    return [...this.#saved].map(([service, saved]) => {
      const exit = this.#exits.get(service) ?? null;
      const found = evidenceOf(service);
      const isMainGone = found.main === null && this.#begun.has(service);
      return restoreRecord(readAgain(service, saved), { ...found, isMainGone, exit });
    });
  }
}

function readAgain(service: string, saved: SavedService): SavedService {
  const reading = decodeSaved(encodeSaved(saved, null), service, () => null);
  if (reading.tag === "refused") throw new Error(`${service}: ${reading.reason}: ${JSON.stringify(saved)}`);
  if (!Bun.deepEquals(reading.saved, saved)) throw new Error(`${service}: it is read otherwise than it was written`);
  // The very definitions, so that a change of them is seen.
  const { definition, next } = saved.record;
  return { ...reading.saved, record: { ...reading.saved.record, definition, next } };
}
