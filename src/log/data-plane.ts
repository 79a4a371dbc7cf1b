/*
 * The main thread's side of the data plane. It owns every descriptor: a pipe is closed here when the Worker says that it has
 * ended, so that a Worker that dies takes nothing with it. What a Worker was asked and has not answered is asked of the next.
 */
import type { LogPolicy, RotationPolicy } from "../core/log-policy.ts";
import { unreachable } from "../core/unreachable.ts";
import type { CompressionJob } from "./compression-job.ts";
import { type DataPlanePorts, PlaneLink } from "./plane-link.ts";
import type { FromPlane, OutputMark, Pipe, PlaneLine, ToPlane } from "./plane-messages.ts";
import { PlaneState } from "./plane-state.ts";
import { SlotPool } from "./slot-pool.ts";

/** A sink fails or works again, or the Worker does; in words for the log. */
export interface PlaneProblem {
  /** null: it concerns the supervisor itself. */
  readonly service: string | null;
  readonly message: string;
  readonly recovered: boolean;
}

/** One run of a service. */
export interface PlaneRun {
  readonly run: number;
  readonly service: string;
  readonly pid: number;
}

type Question = Extract<ToPlane, { readonly token: number }>;

interface Pending {
  readonly question: Question;
  readonly resolve: (answer: OutputMark) => void;
}

const NOTHING: OutputMark = { lines: [], files: [] };

/** Lines of the supervisor's own log that are kept while there is no Worker, or no file yet, to take them. */
const MOST_OWN_LINES = 10_000;

export class DataPlane {
  readonly #ports: DataPlanePorts;
  readonly #onProblem: (problem: PlaneProblem) => void;
  readonly #state = new PlaneState();
  readonly #pending = new Map<number, Pending>();
  readonly #followers = new Map<string, Set<(line: PlaneLine) => void>>();
  readonly #watchers = new Map<number, () => void>();
  readonly #expecting = new Map<number, () => void>();
  readonly #slots = new SlotPool();
  readonly #link: PlaneLink;
  #own: string[] = [];
  #number = 0;
  #isClosed = false;

  constructor(ports: DataPlanePorts, onProblem: (problem: PlaneProblem) => void) {
    this.#ports = ports;
    this.#onProblem = onProblem;
    this.#link = new PlaneLink(ports, {
      said: (message) => this.#hear(message),
      died: (reason) =>
        onProblem({ service: null, message: `the log Worker died: ${reason}; a new one goes on`, recovered: false }),
      greeting: () => this.#greeting(),
      fdOfSlot: (slot) => this.#state.fdOfSlot(slot),
    });
  }

  /**
   * What becomes of a service's output from now on; `file` is the absolute path of a log file that has none of its own, null
   * where there is no such file. Before its first `open`.
   */
  configure(service: string, policy: LogPolicy, file: string | null): void {
    this.#tell({ tag: "configure", service, policy, file });
    // It may have been forgotten and be back.
    if (this.#followers.has(service)) this.#tell({ tag: "follow", service, on: true });
  }

  /** A run begins. The read ends do not block; they belong to the data plane now, which closes them at their end. */
  open(run: PlaneRun, pipes: readonly Omit<Pipe, "slot">[]): void {
    this.#tell({ tag: "open", ...run, pipes: pipes.map((pipe) => ({ ...pipe, slot: this.#slots.take() })) });
  }

  /** The service is gone. Pipes that somebody still holds are read on to their end, into the same file. */
  forget(service: string): void {
    this.#tell({ tag: "forget", service });
  }

  /** The main process of the run has ended: done when all that it wrote is written out. */
  async drain(run: number): Promise<void> {
    await this.#ask((token) => ({ tag: "drain", run, token }));
  }

  /** The last `count` lines of a service (at most 10,000, or 4 MiB), oldest first. */
  async tail(service: string, count: number): Promise<readonly PlaneLine[]> {
    return (await this.#ask((token) => ({ tag: "tail", service, count, run: null, token }))).lines;
  }

  /** The last `count` lines (at most 1,000) of a run that has been drained, if none of the service was opened after it. */
  async lastWords({ service, run }: Pick<PlaneRun, "service" | "run">, count: number): Promise<readonly PlaneLine[]> {
    return (await this.#ask((token) => ({ tag: "tail", service, count, run, token }))).lines;
  }

  /**
   * Calls `listen` with what there is of a service's output now, and not if the data plane is closed before. A follower that
   * began before has by then heard of nothing that comes after the mark, and from then on hears of nothing before it.
   */
  mark(service: string, listen: (mark: OutputMark) => void): void {
    this.#post({ tag: "mark", service, token: ++this.#number }, listen);
  }

  /** Calls `listen` for every line of the service from now on, until `unfollow`. */
  follow(service: string, listen: (line: PlaneLine) => void): void {
    const followers = this.#followers.get(service) ?? new Set();
    this.#followers.set(service, followers);
    if (followers.size === 0) this.#tell({ tag: "follow", service, on: true });
    followers.add(listen);
  }

  unfollow(service: string, listen: (line: PlaneLine) => void): void {
    const followers = this.#followers.get(service);
    if (followers?.delete(listen) !== true || followers.size > 0) return;
    this.#followers.delete(service);
    this.#tell({ tag: "follow", service, on: false });
  }

  /**
   * Calls `listen` once when a line matches (JavaScript's regular expressions, flag u) of the run of the service that is
   * opened next, and of no other. Until then, and until the returned function is called, nothing else is expected of it.
   */
  expect(service: string, pattern: string, listen: () => void): () => void {
    const id = ++this.#number;
    this.#expecting.set(id, listen);
    this.#tell({ tag: "expect", service, id, pattern });
    return () => {
      if (this.#expecting.delete(id)) this.#tell({ tag: "unexpect", service, id });
    };
  }

  /** The supervisor's own log file, for `own`. */
  configureOwn(file: string, rotation: RotationPolicy): void {
    const isFirst = !this.#state.hasOwnLog;
    this.#tell({ tag: "configure-own", file, rotation });
    if (isFirst && this.#own.length > 0) this.#link.post({ tag: "own", lines: [...this.#own] });
  }

  /** Writes formatted lines, without their newlines, to the supervisor's own log file. */
  own(lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (this.#own.length + lines.length > MOST_OWN_LINES)
      this.#own.splice(0, this.#own.length + lines.length - MOST_OWN_LINES);
    this.#own.push(...lines);
    if (this.#state.hasOwnLog) this.#link.post({ tag: "own", lines });
  }

  /** Closes and opens every log file again: somebody else may have renamed it. */
  reopen(): void {
    this.#link.post({ tag: "reopen" });
  }

  /** Calls `listen` once when `fd` is readable; for more, watch again. */
  watch(fd: number, listen: () => void): void {
    this.#watchers.set(fd, listen);
    this.#tell({ tag: "watch", fd, id: ++this.#number });
  }

  /** Ends watching, which is due before `fd` is closed, and may be at once after this; its listener is not called any more. */
  unwatch(fd: number): void {
    this.#watchers.delete(fd);
    this.#link.remove(fd);
    this.#tell({ tag: "unwatch", fd });
  }

  /** Done when everything read so far is written out, unfinished lines too. */
  async flush(): Promise<void> {
    await this.#ask((token) => ({ tag: "flush", token }));
  }

  /** Flushes, then ends the Worker. Pipes that are open stay so: they may be for a successor. */
  async close(): Promise<void> {
    await this.flush();
    await this.#link.close();
    this.#isClosed = true;
    for (const { question, resolve } of this.#pending.values()) if (question.tag !== "mark") resolve(NOTHING);
    this.#pending.clear();
  }

  #tell(message: ToPlane): void {
    this.#state.note(message);
    this.#link.post(message);
  }

  #ask(questionOf: (token: number) => Question): Promise<OutputMark> {
    if (this.#isClosed) return Promise.resolve(NOTHING);
    return new Promise((resolve) => this.#post(questionOf(++this.#number), resolve));
  }

  #post(question: Question, resolve: Pending["resolve"]): void {
    if (this.#isClosed) return;
    this.#pending.set(question.token, { question, resolve });
    this.#link.post(question);
  }

  #greeting(): readonly ToPlane[] {
    const own: ToPlane[] = this.#state.hasOwnLog && this.#own.length > 0 ? [{ tag: "own", lines: [...this.#own] }] : [];
    return [...this.#state.replay, ...own, ...[...this.#pending.values()].map(({ question }) => question)];
  }

  #hear(message: FromPlane): void {
    switch (message.tag) {
      case "drained":
      case "flushed":
        return this.#answer(message.token, NOTHING);
      case "tail":
        return this.#answer(message.token, { lines: message.lines, files: [] });
      case "mark":
        return this.#answer(message.token, message);
      case "ended":
        return this.#closePipe(this.#state.noteEnded(message.run, message.fd));
      case "lines":
        return this.#deliver(message.service, message.lines);
      case "readable":
        return this.#notify(message.fd, message.id);
      case "matched":
        return this.#match(message.service, message.id);
      case "compress":
        return this.#compress(message.job);
      case "own-taken":
        this.#own.splice(0, message.count);
        return;
      case "problem":
        return this.#onProblem(message);
      default:
        return unreachable(message);
    }
  }

  #closePipe(pipe: Pipe | null): void {
    if (pipe === null) return;
    this.#ports.close(pipe.fd);
    this.#slots.giveBack(pipe.slot);
  }

  /** Whoever asked may be dead when it is done; the next Worker finds the file again, and may not hear of this one. */
  #compress(job: CompressionJob): void {
    const { generation } = this.#link;
    void this.#ports.compress(job).then((result) => {
      if (generation === this.#link.generation) this.#link.post({ tag: "compressed", result });
    });
  }

  #answer(token: number, { lines, files }: OutputMark): void {
    this.#pending.get(token)?.resolve({ lines, files });
    this.#pending.delete(token);
  }

  #deliver(service: string, lines: readonly PlaneLine[]): void {
    const followers = [...(this.#followers.get(service) ?? [])];
    for (const line of lines) for (const listen of followers) listen(line);
    this.#link.post({ tag: "followed", service });
  }

  #notify(fd: number, id: number): void {
    if (!this.#state.noteReadable(fd, id)) return;
    const listen = this.#watchers.get(fd);
    this.#watchers.delete(fd);
    listen?.();
  }

  #match(service: string, id: number): void {
    if (!this.#state.noteMatched(service, id)) return;
    const listen = this.#expecting.get(id);
    this.#expecting.delete(id);
    listen?.();
  }
}
