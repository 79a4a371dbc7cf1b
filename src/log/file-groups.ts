/** Which services write the same files, so that they have to be with the same Worker. */
export class FileGroups {
  readonly #files = new Map<string, readonly string[]>();
  readonly #writers = new Map<string, Set<string>>();

  /** These are the files of the service from now on, by their paths. */
  set(service: string, files: readonly string[]): void {
    this.remove(service);
    this.#files.set(service, files);
    for (const file of files) this.#writers.set(file, (this.#writers.get(file) ?? new Set()).add(service));
  }

  remove(service: string): void {
    for (const file of this.#files.get(service) ?? []) {
      const writers = this.#writers.get(file);
      writers?.delete(service);
      if (writers?.size === 0) this.#writers.delete(file);
    }
    this.#files.delete(service);
  }

  /** The service, and all that it has a file in common with, directly or through others. */
  groupOf(service: string): readonly string[] {
    if (this.#isAlone(service)) return [service];
    const group = new Set([service]);
    const seen = new Set<string>();
    // What is added to a set meanwhile has its turn as well.
    for (const member of group) {
      for (const file of this.#files.get(member) ?? []) {
        if (seen.has(file)) continue;
        seen.add(file);
        for (const writer of this.#writers.get(file) ?? []) group.add(writer);
      }
    }
    return [...group];
  }

  #isAlone(service: string): boolean {
    return (this.#files.get(service) ?? []).every((file) => this.#writers.get(file)?.size === 1);
  }

  /** All their files, each once. */
  filesOf(services: readonly string[]): readonly string[] {
    return [...new Set(services.flatMap((service) => this.#files.get(service) ?? []))];
  }
}
