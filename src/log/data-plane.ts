/*
 * The main thread's side of the data plane. It owns every descriptor: a pipe is closed here when the Worker says that it has
 * ended, so that a Worker that dies takes nothing with it. What a Worker was asked and has not answered is asked of the next.
 */
import type { LogPolicy, OwnLogPolicy } from "../core/log-policy.ts";
import { unreachable } from "../core/unreachable.ts";
import { Adoption } from "./adoption.ts";
import type { CompressionJob } from "./compression-job.ts";
import { LossBook } from "./loss-book.ts";
import { LanePlacement } from "./lane-placement.ts";
import { OwnBacklog } from "./own-backlog.ts";
import { PlaneListeners } from "./plane-listeners.ts";
import { NOTHING, PlaneLane, type Question } from "./plane-lane.ts";
import { PlaneLanes } from "./plane-lanes.ts";
import type { DataPlanePorts } from "./plane-link.ts";
import type { FromPlane, OutputMark, Pipe, PlaneLine, ToPlane } from "./plane-messages.ts";
import { type PlaneProblem, unownedOf } from "./plane-problem.ts";
import { OutputPipes } from "./output-pipes.ts";
import type { RotationListener } from "./rotation-listener.ts";

/** One run of a service. */
export interface PlaneRun {
  readonly run: number;
  readonly service: string;
  readonly pid: number;
}

export class DataPlane {
  readonly #ports: DataPlanePorts;
  readonly #onProblem: (problem: PlaneProblem) => void;
  readonly #lanes = new PlaneLanes((name) => this.#makeLane(name));
  readonly #placement: LanePlacement;
  readonly #listeners = new PlaneListeners();
  /** The pipes of runs: what is made here for a run outlives this process. */
  readonly pipes: OutputPipes;
  readonly #adoption: Adoption;
  /** Lines of services that their sinks have not taken. */
  readonly losses = new LossBook(() => this.#ports.now());
  #ownLane: PlaneLane;
  readonly #own = new OwnBacklog();
  #number = 0;
  #isClosed = false;
  #hasRelay = false;
  /** Asked, and told, when logs that services write themselves are moved away. */
  rotations: RotationListener | null = null;

  constructor(ports: DataPlanePorts, onProblem: (problem: PlaneProblem) => void) {
    this.#ports = ports;
    this.#onProblem = onProblem;
    this.pipes = new OutputPipes(ports.pipes, (fd) => ports.close(fd));
    this.#ownLane = this.#lanes.lane("");
    this.#placement = new LanePlacement(this.#lanes, {
      laneOf: (files) => ports.laneOf(files),
      release: (old, service) => this.#ask(old, (token) => ({ tag: "release", service, token })),
    });
    this.#adoption = new Adoption(this.pipes, this.#lanes, ports.unsettledLanes());
  }

  /** Goes on with what was adopted, once, when all services are configured. What belongs to no service any more is let go of. */
  resume(): void {
    this.#adoption.resume({
      knows: (service) => this.#placement.knows(service),
      open: (run) => this.#tell({ tag: "open", ...run }),
      reached: (lane) => this.#reached(lane),
      lost: (service) => this.#onProblem(unownedOf(service)),
    });
  }

  /**
   * What becomes of a service's output from now on; `file` is the absolute path of a log file that has none of its own, null
   * where there is no such file. Before its first `open`.
   */
  configure(service: string, policy: LogPolicy, file: string | null): void {
    this.#placement.configure({ tag: "configure", service, policy, file });
    // It may have been forgotten and be back.
    if (this.#listeners.isFollowed(service)) this.#tell({ tag: "follow", service, on: true });
  }

  /** A run begins. The read ends do not block; they belong to the data plane now, which closes them at their end. */
  open({ run, service, pid }: PlaneRun, pipes: readonly Omit<Pipe, "slot">[]): void {
    const placed = pipes.map(({ fd, stream }) => ({ fd, slot: this.pipes.begin(fd, pid), stream }));
    this.#tell({ tag: "open", run, service, pid, pipes: placed });
  }

  /** A run begins of a service that writes its files itself, which ended there then. */
  begin(run: Omit<Extract<ToPlane, { tag: "begin" }>, "tag">): void {
    this.#tell({ tag: "begin", ...run });
  }

  /** The service is gone. Pipes that somebody still holds are read on to their end, into the same file. */
  forget(service: string): void {
    this.#placement.forget(service);
    this.losses.forget(service);
    this.#tell({ tag: "forget", service });
  }

  /** The main process of the run has ended: done when all that it wrote is written out. */
  async drain(run: number): Promise<void> {
    for (const lane of this.#lanes.all) {
      if (lane.state.hasRun(run)) await this.#ask(lane, (token) => ({ tag: "drain", run, token }));
    }
  }

  /** The last `count` lines of a service (at most 10,000, or 4 MiB), oldest first. */
  async tail(service: string, count: number): Promise<readonly PlaneLine[]> {
    return (await this.#ask(this.#lanes.of(service), (token) => ({ tag: "tail", service, count, run: null, token })))
      .lines;
  }

  /**
   * Calls `listen` with the last `count` lines of a service, as `tail` tells them. A follower that began before has by then heard of
   * nothing that comes after them, and from then on hears of nothing before.
   */
  tailBefore(service: string, count: number, listen: (lines: readonly PlaneLine[]) => void): void {
    const question = { tag: "tail", service, count, run: null, token: ++this.#number } as const;
    if (!this.#isClosed) this.#lanes.of(service).ask(question, ({ lines }) => listen(lines));
  }

  /** The last `count` lines (at most 1,000) of a run that has been drained, if none of the service was opened after it. */
  async lastWords({ service, run }: Pick<PlaneRun, "service" | "run">, count: number): Promise<readonly PlaneLine[]> {
    return (await this.#ask(this.#lanes.of(service), (token) => ({ tag: "tail", service, count, run, token }))).lines;
  }

  /**
   * Calls `listen` with what there is of a service's output now, and not if the data plane is closed before. A follower that
   * began before has by then heard of nothing that comes after the mark, and from then on hears of nothing before it.
   */
  mark(service: string, listen: (mark: OutputMark) => void): void {
    if (!this.#isClosed) this.#lanes.of(service).ask({ tag: "mark", service, token: ++this.#number }, listen);
  }

  /** Calls `listen` for every line of the service from now on, until `unfollow`. */
  follow(service: string, listen: (line: PlaneLine) => void): void {
    if (this.#listeners.follow(service, listen)) this.#tell({ tag: "follow", service, on: true });
  }

  unfollow(service: string, listen: (line: PlaneLine) => void): void {
    if (this.#listeners.unfollow(service, listen)) this.#tell({ tag: "follow", service, on: false });
  }

  /**
   * Calls `listen` once when a line matches (JavaScript's regular expressions, flag u) of the run of the service that is
   * opened next, and of no other. Until then, and until the returned function is called, nothing else is expected of it.
   */
  expect(service: string, pattern: string, listen: () => void): () => void {
    const id = ++this.#number;
    this.#listeners.expect(id, listen);
    this.#tell({ tag: "expect", service, id, pattern });
    return () => {
      if (this.#listeners.unexpect(id)) this.#tell({ tag: "unexpect", service, id });
    };
  }

  /** The supervisor's own log file, for `own`. */
  configureOwn(file: string, policy: OwnLogPolicy): void {
    const isFirst = !this.#ownLane.state.hasOwnLog;
    if (isFirst) this.#ownLane = this.#lanes.lane(this.#ports.laneOf([file]));
    this.#ownLane.tell({ tag: "configure-own", file, policy });
    if (isFirst && this.#own.lines.length > 0) this.#ownLane.post({ tag: "own", lines: [...this.#own.lines] });
  }

  /** Writes formatted lines, without their newlines, to the supervisor's own log file. */
  own(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#own.add(lines);
    if (this.#ownLane.state.hasOwnLog) this.#ownLane.post({ tag: "own", lines });
  }

  /** There is a relay, or another one in the place of the one before: lines for it go there. */
  renewRelay(): void {
    this.#hasRelay = true;
    for (const lane of this.#lanes.all) lane.tell({ tag: "relay-renewed" });
  }

  /** Done when all that was asked before has been done; `ofSound`: where the file systems answer. */
  async reached(ofSound = false): Promise<void> {
    const lanes = this.#lanes.all.filter(({ trouble }) => !ofSound || trouble === null);
    await Promise.all(lanes.map((lane) => this.#reached(lane)));
  }

  /** Closes and opens every log file again: somebody else may have renamed it. */
  reopen(): void {
    for (const lane of this.#lanes.all) lane.post({ tag: "reopen" });
  }

  /** Calls `listen` once when `fd` is readable; for more, watch again. */
  watch(fd: number, listen: () => void): void {
    this.#listeners.watch(fd, listen);
    this.#lanes.lane("").tell({ tag: "watch", fd, id: ++this.#number });
  }

  /** Ends watching, which is due before `fd` is closed, and may be at once after this; its listener is not called any more. */
  unwatch(fd: number): void {
    this.#listeners.unwatch(fd);
    this.#lanes.lane("").remove(fd);
    this.#lanes.lane("").tell({ tag: "unwatch", fd });
  }

  /** Done when everything read so far is written out, unfinished lines too. */
  async flush(): Promise<void> {
    await Promise.all(this.#lanes.all.map((lane) => this.#flush(lane)));
  }

  /** Flushes, then ends the Workers. Pipes that are open stay so: they may be for a successor. */
  async close(): Promise<void> {
    const lanes = this.#lanes.all;
    // One that is stuck holds up no other.
    const ended = lanes.map(async (lane) => {
      await this.#flush(lane);
      this.#isClosed = true;
      await lane.close();
    });
    await Promise.all(ended);
  }

  /** Why lines of the service do not get on; null: they do. */
  troubleOf(service: string): string | null {
    return this.#lanes.of(service).trouble ?? this.losses.troubleOf(service);
  }

  #makeLane(name: string): PlaneLane {
    const lane: PlaneLane = new PlaneLane(this.#ports, {
      name,
      said: (message) => this.#hear(message, { lane, name }),
      died: (reason) => {
        const message = `the log Worker died: ${reason}; a new one goes on`;
        this.#onProblem({ service: null, message, recovered: false });
      },
      ownLines: () => this.#own.lines,
      fdOfSlot: (slot) => this.pipes.fdOf(slot),
    });
    if (this.#hasRelay) lane.tell({ tag: "relay-renewed" });
    return lane;
  }

  #reached(lane: PlaneLane): Promise<OutputMark> {
    return this.#ask(lane, (token) => ({ tag: "tail", service: "", count: 0, run: null, token }));
  }

  #flush(lane: PlaneLane): Promise<OutputMark> {
    return this.#ask(lane, (token) => ({ tag: "flush", token }));
  }

  #tell(message: Extract<ToPlane, { readonly service: string }>): void {
    this.#lanes.of(message.service).tell(message);
  }

  #ask(lane: PlaneLane, questionOf: (token: number) => Question): Promise<OutputMark> {
    if (this.#isClosed) return Promise.resolve(NOTHING);
    return new Promise((resolve) => lane.ask(questionOf(++this.#number), resolve));
  }

  #hear(message: FromPlane, from: { readonly lane: PlaneLane; readonly name: string }): void {
    const { lane } = from;
    switch (message.tag) {
      case "drained":
      case "flushed":
      case "released":
        return lane.answer(message.token, NOTHING);
      case "tail":
        return lane.answer(message.token, { ...NOTHING, lines: message.lines });
      case "mark":
        return lane.answer(message.token, message);
      case "ended":
        if (lane.state.noteEnded(message.run, message.fd) !== null) this.pipes.close(message.fd);
        return;
      case "lines":
        this.#listeners.deliver(message.service, message.lines);
        return lane.post({ tag: "followed", service: message.service });
      case "readable":
        if (lane.state.noteReadable(message.fd, message.id)) this.#listeners.readable(message.fd);
        return;
      case "matched":
        if (lane.state.noteMatched(message.service, message.id)) this.#listeners.matched(message.id);
        return;
      case "compress":
        return this.#compress(message.job, from);
      case "own-taken":
        return this.#own.confirm(message.count);
      case "rotation-due":
        return this.rotations?.due(message.service, () => lane.post({ ...message, tag: "rotate" }));
      case "rotated":
        return this.rotations?.rotated(message.service);
      case "lost":
        return this.losses.note(message);
      case "problem":
        return this.#onProblem(message);
      default:
        return unreachable(message);
    }
  }

  /** Whoever asked may be dead when it is done; the next Worker finds the file again, and may not hear of this one. */
  #compress(job: CompressionJob, { lane, name }: { readonly lane: PlaneLane; readonly name: string }): void {
    const { generation } = lane;
    void this.#ports.compress(job, name).then((result) => {
      if (generation === lane.generation) lane.post({ tag: "compressed", result });
    });
  }
}
