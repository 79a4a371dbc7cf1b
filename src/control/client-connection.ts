import type { Millis } from "../core/units.ts";
import { AnswerParser, concat } from "./answer-parser.ts";

/** A connection over which a request was sent. */
export interface ClientConnection {
  /**
   * What has come, waited for only as long as nobody notices that nothing else happens; empty: that was all; null: nothing yet, and
   * `receive` has to be asked from now on. A string is the name of the errno of a failure.
   */
  receiveSoon(): Uint8Array | string | null;
  /** What comes next, however long it takes; empty: that was all. A string is the name of the errno of a failure. */
  receive(): Promise<Uint8Array | string>;
  close(): void;
}

/** Connects to the socket at this path and sends these bytes; a failure is the name of its errno. */
export type ConnectClient = (
  path: string,
  bytes: Uint8Array,
) => Promise<ClientConnection | string> | ClientConnection | string;

/** When an answer is no longer waited for. */
export interface Limits {
  /** null: never, for that matter. */
  readonly patience: Millis | null;
  readonly signal: AbortSignal | undefined;
}

/** The answer to a request, as it comes. What is missing of one that was cut off is ECONNRESET. */
export class IncomingAnswer {
  readonly #connection: ClientConnection;
  readonly #limits: Limits;
  readonly #parser = new AnswerParser();
  #body: Uint8Array[] = [];
  #hasEnded = false;
  #isSoon = true;
  /** Fulfilled with the reason when it is not to be waited for any longer; null: nobody has had to wait. */
  #late: Promise<string> | null = null;
  #forget: () => void = () => {};

  constructor(connection: ClientConnection, limits: Limits) {
    this.#connection = connection;
    this.#limits = limits;
  }

  get status(): number {
    return this.#parser.status;
  }

  /** Waits for its head. A string says why there is none: the name of an errno, AbortError or TimeoutError. */
  async begin(): Promise<string | null> {
    while (this.#parser.status === 0) {
      const problem = await this.#receive();
      if (problem !== null) return problem;
      if (this.#hasEnded && this.#parser.status === 0) return CUT_OFF;
    }
    return null;
  }

  /** All of its body, and the connection is closed. A string says why not. */
  async whole(): Promise<Uint8Array | string> {
    try {
      while (!this.#parser.isWhole) {
        if (this.#hasEnded) return CUT_OFF;
        const problem = await this.#receive();
        if (problem !== null) return problem;
      }
      return concat(this.#body);
    } finally {
      this.close();
    }
  }

  /** Its body piece by piece; rejects with the reason as its message if some of it does not come. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const pieces = this.#body;
        this.#body = [];
        yield* pieces;
        if (this.#parser.isWhole) return;
        const problem = this.#hasEnded ? CUT_OFF : await this.#receive();
        if (problem !== null) throw new Error(problem);
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#forget();
    this.#connection.close();
  }

  async #receive(): Promise<string | null> {
    const soon = this.#isSoon ? this.#connection.receiveSoon() : null;
    this.#isSoon = soon !== null;
    const bytes = soon ?? (await this.#receiveLater());
    if (typeof bytes === "string") return bytes;
    if (bytes.length > 0) return this.#parser.take(bytes, this.#body) ? null : "it is no answer";
    this.#hasEnded = true;
    this.#parser.end();
    return null;
  }

  #receiveLater(): Promise<Uint8Array | string> {
    this.#late ??= this.#untilLate();
    return Promise.race([this.#connection.receive(), this.#late]);
  }

  #untilLate(): Promise<string> {
    const { patience, signal } = this.#limits;
    const { promise, resolve } = Promise.withResolvers<string>();
    const abort = (): void => resolve("AbortError");
    const timer = patience === null ? undefined : setTimeout(() => resolve("TimeoutError"), patience);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted === true) abort();
    this.#forget = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    return promise;
  }
}

const CUT_OFF = "ECONNRESET";
