/*
 * One Worker of the data plane with all that it was told and asked, so that its successor can be told and asked the same.
 * There is a lane for each file system that logs lie on: one that does not answer stops its own lane alone.
 */
import { type DataPlanePorts, PlaneLink } from "./plane-link.ts";
import type { FromPlane, OutputMark, ToPlane } from "./plane-messages.ts";
import { PlaneState } from "./plane-state.ts";

export type Question = Extract<ToPlane, { readonly token: number }>;

interface Pending {
  readonly question: Question;
  readonly resolve: (answer: OutputMark) => void;
}

export interface LaneListener {
  /** The name of the lane. */
  readonly name: string;
  said(message: FromPlane): void;
  /** The Worker died of `reason`; a new one follows. */
  died(reason: string): void;
  /** Lines of the supervisor's own log that its file has not confirmed. */
  ownLines(): readonly string[];
  /** The descriptor of the pipe that has this place; null: it is not open any more. */
  fdOfSlot(slot: number): number | null;
}

export const NOTHING: OutputMark = { lines: [], files: [], underway: null };

/** A Worker that has been at work on one thing for so long is stuck. */
const STUCK_MICROS = 2_000_000;

export class PlaneLane {
  readonly state = new PlaneState();
  readonly #link: PlaneLink;
  readonly #listener: LaneListener;
  readonly #pending = new Map<number, Pending>();

  constructor(ports: DataPlanePorts, listener: LaneListener) {
    this.#listener = listener;
    this.#link = new PlaneLink(ports, {
      lane: listener.name,
      said: (message) => listener.said(message),
      died: (reason) => listener.died(reason),
      greeting: () => this.#greeting(),
      fdOfSlot: (slot) => listener.fdOfSlot(slot),
    });
  }

  /** Another number for each Worker. */
  get generation(): number {
    return this.#link.generation;
  }

  /** Why nothing gets on here, in words for people; null: it does. */
  get trouble(): string | null {
    const { busyFor } = this.#link;
    if (busyFor < STUCK_MICROS) return null;
    return `its log has not been written for ${Math.floor(busyFor / 1_000_000)}s: the file system does not answer`;
  }

  /** Says what is to be said to every later Worker too. */
  tell(message: ToPlane): void {
    this.state.note(message);
    this.#link.post(message);
  }

  /** Says it to this Worker alone. */
  post(message: ToPlane): void {
    this.#link.post(message);
  }

  /** Calls `resolve` with the answer of this Worker, or of a later one. */
  ask(question: Question, resolve: Pending["resolve"]): void {
    this.#pending.set(question.token, { question, resolve });
    this.#link.post(question);
  }

  answer(token: number, { lines, files, underway }: OutputMark): void {
    this.#pending.get(token)?.resolve({ lines, files, underway });
    this.#pending.delete(token);
  }

  /** Takes a descriptor out of the Worker's set at once, so that it may be closed. */
  remove(fd: number): void {
    this.#link.remove(fd);
  }

  /** Ends the Worker for good. What was asked is answered with nothing, but for marks, which are not at all. */
  async close(): Promise<void> {
    await this.#link.close();
    for (const { question, resolve } of this.#pending.values()) if (question.tag !== "mark") resolve(NOTHING);
    this.#pending.clear();
  }

  #greeting(): readonly ToPlane[] {
    const lines = this.state.hasOwnLog ? this.#listener.ownLines() : [];
    const own: readonly ToPlane[] = lines.length > 0 ? [{ tag: "own", lines: [...lines] }] : [];
    return [...this.state.replay, ...own, ...[...this.#pending.values()].map(({ question }) => question)];
  }
}
