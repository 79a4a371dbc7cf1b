/*
 * The inside of the thread that reads for one request. It may be ended at any moment, so it owns nothing that would be missed.
 * It sends as much as is asked for and then waits; a search that takes long steps behind everybody else.
 */
import { encodeItems, encodeRecord, outputLineOf } from "./encode-records.ts";
import { CHUNK_BYTES, CREDITS, type FromReader, type ToReader } from "./read-messages.ts";
import { readLogs } from "./read-logs.ts";
import type { ReadPorts } from "./readable-file.ts";
import { recordOfLine } from "./record-of-line.ts";
import { WantedFilter } from "./wanted-filter.ts";

export interface ReaderPorts {
  readonly files: ReadPorts;
  post(message: FromReader): void;
  /** Lets the thread stand behind all others from now on. */
  stepBack(): void;
  /** Lets messages come in. */
  yield(): Promise<void>;
  /** The number of this thread for the kernel. */
  readonly thread: number;
}

/** After so many pieces of work a search is a long one. */
const PIECES_OF_A_SHORT_ONE = 40;

export class Reader {
  readonly #ports: ReaderPorts;
  readonly #encoder = new TextEncoder();
  #credits = CREDITS;
  #credited = Promise.withResolvers<void>();
  #filter: WantedFilter | null = null;

  constructor(ports: ReaderPorts) {
    this.#ports = ports;
  }

  /** A message of the main thread. Rejects only if there is a bug. */
  async take(message: ToReader): Promise<void> {
    switch (message.tag) {
      case "read":
        return await this.#read(message);
      case "more": {
        this.#credits++;
        const credited = this.#credited;
        this.#credited = Promise.withResolvers();
        credited.resolve();
        return;
      }
      case "live": {
        const records = message.lines.map((line) => recordOfLine(message.service, line, message.places));
        const wanted = records.filter((record) => this.#filter?.accepts(record) === true);
        this.#ports.post({ tag: "live-read", bytes: this.#encoder.encode(encodeItems(wanted.map(outputLineOf))) });
      }
    }
  }

  async #read({ request, progress }: Extract<ToReader, { tag: "read" }>): Promise<void> {
    this.#ports.post({ tag: "began", thread: this.#ports.thread });
    this.#filter = new WantedFilter(request.wishes);
    const count = new Int32Array(progress);
    let text = "";
    let pieces = 0;
    for (const { records, notes } of readLogs(request, this.#ports.files)) {
      Atomics.add(count, 0, 1);
      if (++pieces === PIECES_OF_A_SHORT_ONE) this.#ports.stepBack();
      text += encodeItems(notes.map((note) => ({ note, exit: 0 })));
      for (const record of records) {
        text += encodeRecord(record);
        if (text.length < CHUNK_BYTES) continue;
        await this.#send(text);
        text = "";
      }
      if (text === "" || records.length > 0) continue;
      // What a search has found is shown before it goes on.
      await this.#send(text);
      text = "";
    }
    if (text !== "") await this.#send(text);
    this.#ports.post({ tag: "past-read" });
  }

  async #send(text: string): Promise<void> {
    if (this.#credits === 0) await this.#ports.yield();
    while (this.#credits === 0) await this.#credited.promise;
    this.#credits--;
    this.#ports.post({ tag: "chunk", bytes: this.#encoder.encode(text) });
  }
}
