import type { EnvironmentFile } from "../core/definition.ts";
import { loadEnvironmentFile, type EnvironmentLoaded } from "./environment-file.ts";

/** Environment files, each read once for all definitions of one load. */
export class EnvironmentFiles {
  readonly #loaded = new Map<string, EnvironmentLoaded>();
  readonly #used = new Set<string>();

  load(file: EnvironmentFile): EnvironmentLoaded {
    const key = `${file.optional} ${file.path}`;
    const known = this.#loaded.get(key) ?? loadEnvironmentFile(file);
    this.#loaded.set(key, known);
    return known;
  }

  /** The same for values that become a part of a definition. */
  use(file: EnvironmentFile): EnvironmentLoaded {
    this.#used.add(file.path);
    return this.load(file);
  }

  /** What definitions depend on beside their own texts; absolute, in order. */
  get used(): readonly string[] {
    return [...this.#used].sort();
  }
}
