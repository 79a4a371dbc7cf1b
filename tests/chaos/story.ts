const MOST_TOLD = 60;

/** The last things that happened, with seconds since the process began. */
export class Story {
  #told: string[] = [];

  tell(text: string): void {
    this.#told.push(`${(performance.now() / 1000).toFixed(3)} ${text}`);
    if (this.#told.length > MOST_TOLD) this.#told.shift();
  }

  /** Each is told once. */
  take(): readonly string[] {
    return this.#told.splice(0);
  }
}
