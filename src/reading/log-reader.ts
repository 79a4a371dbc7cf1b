/*
 * Answers who asks for logs, on the main thread: it finds out what is to be read, has a thread read it, and lets lines follow
 * as they are written. Where the files end and the lines that are heard begin, the thread that writes the files says.
 */
import { EXIT } from "../core/exit-statuses.ts";
import type { LogPlaces } from "../core/log-place.ts";
import type { OutputMark, PlaneLine } from "../log/plane-messages.ts";
import { encodeItems, type OutputNote } from "./encode-records.ts";
import { LiveLines, pickAtOnce, type PickLines } from "./live-lines.ts";
import { LineParser } from "./parse-line.ts";
import { OutputQueue } from "./output-queue.ts";
import type { ReadRequest, RunToRead, ServiceToRead } from "./read-request.ts";
import { type LineWishes, WantedFilter } from "./wanted-filter.ts";
import { type Heard, type WatchedListener, WatchedReader, type WatchPorts } from "./watched-reader.ts";

/** A stretch of time in microseconds since 1970; null: no bound. `until` does not belong to it. */
export interface TimeWindow {
  readonly since: number | null;
  readonly until: number | null;
}

export interface LogsWanted {
  /** Each once. */
  readonly names: readonly string[];
  /** true: a service that is added while the logs are followed is followed as well. */
  isWanted(name: string): boolean;
  readonly wishes: LineWishes;
  /** The last lines of each service; null: all. */
  readonly count: number | null;
  readonly window: TimeWindow;
  /** One run of each service; null: all. */
  readonly runs: ReadonlyMap<string, RunToRead> | null;
  readonly isFollowed: boolean;
  /** true: what was told before is asked for again, and only lines with times can be told from it. */
  readonly isResumed: boolean;
  /** What is to be said first. */
  readonly notes: readonly OutputNote[];
}

/** What there is of a service's output at one moment. */
export type ReadMark = Pick<OutputMark, "files" | "lines">;

export interface LogReaderPorts extends WatchPorts {
  /** null: there is no such service. */
  placesOf(name: string): LogPlaces | null;
  mark(name: string, listen: (mark: ReadMark) => void): void;
  follow(name: string, listen: (line: PlaneLine) => void): void;
  unfollow(name: string, listen: (line: PlaneLine) => void): void;
  /** Calls `listen` with the name of a service whenever something happens to it, until the returned function is called. */
  onService(listen: (name: string) => void): () => void;
}

/** Threads that read at the same time, each with some MB. */
const MOST_READERS = 16;

/** What lies around an answer. */
export interface AnswerLife {
  /** Tells that it is to end. */
  readonly end: AbortSignal;
  /** Is called once when nothing more is to come. */
  over(): void;
}

const UNTIMED = "its file does not tell times: lines from before this supervisor may be missing here";

interface AnswerEnds {
  threadEnded(): void;
  over(): void;
}

export class LogReader {
  readonly #ports: LogReaderPorts;
  #readers = 0;

  constructor(ports: LogReaderPorts) {
    this.#ports = ports;
  }

  /** The answer ends by itself, or when its reader leaves, or when `life` says so; null: too many are being read. */
  read(wanted: LogsWanted, life: AnswerLife): ReadableStream<Uint8Array> | null {
    if (this.#readers >= MOST_READERS) return null;
    this.#readers++;
    let isFreed = false;
    const answer = new Answer(wanted, this.#ports, {
      threadEnded: () => {
        if (!isFreed) this.#readers--;
        isFreed = true;
      },
      over: () => {
        life.end.removeEventListener("abort", end);
        life.over();
      },
    });
    const end = (): void => answer.end();
    life.end.addEventListener("abort", end);
    if (life.end.aborted) end();
    else answer.begin();
    return answer.body;
  }
}

class Answer {
  readonly #wanted: LogsWanted;
  readonly #ports: LogReaderPorts;
  readonly #ends: AnswerEnds;
  readonly #queue = new OutputQueue(() => this.#leave());
  readonly #live: LiveLines;
  readonly #followed = new Map<string, (line: PlaneLine) => void>();
  readonly #picked: ((bytes: Uint8Array) => void)[] = [];
  #stopHearing: (() => void) | null = null;
  #reader: WatchedReader | null = null;
  #isOver = false;

  constructor(wanted: LogsWanted, ports: LogReaderPorts, ends: AnswerEnds) {
    this.#wanted = wanted;
    this.#ports = ports;
    this.#ends = ends;
    this.#live = new LiveLines(this.#queue, wanted.wishes.grep === null ? this.#pickHere() : this.#pickThere());
  }

  get body(): ReadableStream<Uint8Array> {
    return this.#queue.body;
  }

  begin(): void {
    const { names, isFollowed, notes } = this.#wanted;
    this.#say([{ services: names }, ...notes]);
    const marked: ServiceToRead[] = [];
    let missing = names.length;
    const take = (service: ServiceToRead | null): void => {
      if (service !== null) marked.push(service);
      if (--missing === 0) this.#read(marked);
    };
    if (missing === 0) this.#read([]);
    for (const name of names) {
      const follower = isFollowed ? this.#follow(name) : null;
      this.#ports.mark(name, (mark) => {
        // What was heard before is in the files.
        if (follower !== null) follower.isMarked = true;
        take(this.#serviceOf(name, mark));
      });
    }
    if (isFollowed) this.#stopHearing = this.#ports.onService((name) => this.#hearOf(name));
  }

  /** Ends the answer, properly for its reader. */
  end(): void {
    this.#leave();
    this.#queue.end();
  }

  #say(items: Parameters<typeof encodeItems>[0]): void {
    this.#queue.add(new TextEncoder().encode(encodeItems(items)));
  }

  #follow(name: string): { isMarked: boolean } {
    const state = { isMarked: false };
    const listen = (line: PlaneLine): void => {
      if (state.isMarked) this.#live.add(name, line);
    };
    this.#followed.set(name, listen);
    this.#ports.follow(name, listen);
    return state;
  }

  /** A service that was added meanwhile has written nothing before. */
  #hearOf(name: string): void {
    if (this.#followed.has(name) || !this.#wanted.isWanted(name)) return;
    this.#follow(name).isMarked = true;
  }

  /** null: there is nothing to be read of it. */
  #serviceOf(name: string, mark: ReadMark): ServiceToRead | null {
    const { runs, window } = this.#wanted;
    const found = this.#ports.placesOf(name);
    if (found === null) return null;
    const { isComplete } = found;
    const places = this.#wanted.isResumed
      ? found.places.filter((place) => new LineParser(place).isTimed)
      : found.places;
    if (places.length < found.places.length) this.#say([{ note: `${name}: ${UNTIMED}`, exit: EXIT.done }]);
    // With a file for each stream, every line is in one of them.
    const memory = isComplete && places.length > 1 ? [] : mark.lines;
    const first = isComplete ? undefined : memory[0];
    return {
      name,
      places,
      marks: mark.files,
      memory,
      ...window,
      run: runs?.get(name) ?? null,
      filesUntil: first === undefined ? null : first.at,
    };
  }

  #read(services: readonly ServiceToRead[]): void {
    if (this.#isOver) return;
    const { count, wishes } = this.#wanted;
    const request: ReadRequest = { services, count, wishes };
    const listener: WatchedListener = {
      said: (message) => this.#hear(message),
      failed: (reason) => this.#fail(`cannot read further: ${reason}`),
      ended: () => this.#ends.threadEnded(),
    };
    try {
      this.#reader = new WatchedReader(request, this.#ports, listener);
    } catch (error) {
      this.#fail(`cannot begin to read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #hear(message: Heard): void {
    switch (message.tag) {
      case "chunk":
        return this.#queue.add(message.bytes, () => this.#reader?.more());
      case "past-read":
        return this.#pastIsRead();
      case "live-read":
        this.#picked.shift()?.(message.bytes);
    }
  }

  #pastIsRead(): void {
    if (!this.#wanted.isFollowed) return this.end();
    // Only an expression needs the thread any longer.
    if (this.#wanted.wishes.grep === null) this.#reader?.end();
    this.#live.begin();
  }

  #fail(reason: string): void {
    this.#say([{ note: reason, exit: 1 }]);
    this.end();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopHearing?.();
    for (const [name, listen] of this.#followed) this.#ports.unfollow(name, listen);
    if (this.#reader === null) this.#ends.threadEnded();
    this.#ends.over();
    this.#reader?.end();
  }

  #pickHere(): PickLines {
    const filter = new WantedFilter(this.#wanted.wishes);
    return pickAtOnce(
      (record) => filter.accepts(record),
      (service) => this.#placesOf(service),
    );
  }

  /** In the thread: the main thread tries no expression of anybody's. */
  #pickThere(): PickLines {
    return (written, done) => {
      this.#picked.push(done);
      this.#reader?.filter({ ...written, places: this.#placesOf(written.service) });
    };
  }

  #placesOf(service: string): LogPlaces["places"] {
    return this.#ports.placesOf(service)?.places ?? [];
  }
}
