/** What was asked and is not answered yet: of each group of services one thing at a time. */
export class UnderWay {
  readonly #open = new Map<string, Promise<void>>();

  has(group: string): boolean {
    return this.#open.has(group);
  }

  /** Also behind what is under way of the group already. */
  add(group: string, answered: Promise<unknown>): void {
    const all = Promise.allSettled([this.#open.get(group), answered]).then(() => {
      if (this.#open.get(group) === all) this.#open.delete(group);
    });
    this.#open.set(group, all);
  }

  get groups(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Resolves once all of it is answered or has failed; never rejects. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.#open.values());
  }
}
