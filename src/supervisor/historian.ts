/*
 * Sees what becomes of services and says what of it is to be kept: when each run began and why, how it ended and why, and
 * if it ended otherwise than it should, its last lines and what the supervisor said of it. It only looks on.
 *
 * A run begins with the start of its main process and ends with what the fleet calls its last exit; that the starter of a
 * daemon leaves it is none. Its last lines are asked for at its end, before another run can begin, and waited for.
 *
 * A run that outlives the supervisor keeps its entry: what identifies it is written down beside the service, and so is its end
 * until another run begins, as nobody knows what of the history has reached the disk. What is kept twice is there once.
 */
import type { Definition } from "../core/definition.ts";
import type { Fleet } from "../core/fleet.ts";
import {
  type HistoryEntry,
  type HistoryEvent,
  type OutputLine,
  type OwnLine,
  type RunEnd,
  type RunUsage,
  MOST_HISTORY_TEXT,
  boundLines,
  cutText,
} from "../core/history.ts";
import { textIn } from "../core/plain-data.ts";
import { type CauseOfEnd, causeOfEnd, isAskedToEnd } from "../core/run-cause.ts";
import { type ServiceRecord, messageOf, pidOf } from "../core/service-record.ts";
import { hasNoProcess, isEnding } from "../core/service-state.ts";
import { type Millis, type WallTime, millis, spanBetween } from "../core/units.ts";
import type { Annotate, Companion } from "./companion.ts";
import type { Happening } from "./events.ts";
import { LineAllowance } from "./line-allowance.ts";
import { type OpenRun, entryOf, readRun, savedRunOf } from "./open-run.ts";
import type { ClockPort, EndedUsage, OutputPort, TimerPort } from "./ports.ts";

/** Where it goes. */
export interface HistoryPort {
  /** What this supervisor is known by in the history. */
  readonly session: string;
  /** This run of a predecessor's goes on: it is not lost. Before anything is kept. */
  goesOn(session: string, run: number): void;
  keep(entry: HistoryEntry): void;
  /** How many of the last lines of a run a report has; 0: none, or there is no history. */
  lines(): number;
  /** What this process has written about the service since then. */
  ownLines(service: string, since: WallTime): readonly OwnLine[];
  /** The most memory that this process has needed so far, in bytes: a child that shows no more has inherited that. */
  ownPeak(): number;
}

export interface HistorianPorts {
  readonly history: HistoryPort;
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  readonly output: Pick<OutputPort, "lastWords">;
  readonly annotate: Annotate;
  /** The same, written down together with the change that is being told of, or that follows at once. */
  readonly annotateNext: Annotate;
  fleet(): Fleet;
  /** Everything is being stopped. */
  isEnding(): boolean;
}

/** A main process has ended and is not reaped yet. `run`: under which its output is read, null: it is not. */
export interface Departure {
  readonly run: number | null;
  readonly usage: EndedUsage | null;
}

/** The words under which the latest run is written down, and what was asked of the service. */
const RUN = "run";
const ASKED = "asked";

/** How long the last lines are waited for. */
const PATIENCE = millis(5_000);

const EVENTS: Readonly<Partial<Record<Happening["event"], HistoryEvent>>> = {
  reload: "reload",
  removed: "removed",
  problem: "problem",
  left: "left",
  upgrade: "upgrade",
};

export class Historian implements Companion {
  readonly #ports: HistorianPorts;
  readonly #allowance = new LineAllowance();
  readonly #open = new Map<string, OpenRun>();
  /** What somebody asked of the service: "restart, by an operator". */
  readonly #asked = new Map<string, string>();
  readonly #known = new Set<string>();
  /** The latest end of each service that waits for its last lines, or for the ends before it. */
  readonly #closing = new Map<string, Promise<void>>();
  #number = 0;
  #endReason: string | null = null;

  constructor(ports: HistorianPorts) {
    this.#ports = ports;
  }

  /** Somebody is about to have the service started or stopped: "stop, by an operator". */
  asked(service: string, words: string): void {
    this.#asked.set(service, words);
    this.#ports.annotate(service, ASKED, { words });
  }

  /** Something has happened beyond what the records of services tell. */
  happened({ event, service, message }: Happening): void {
    if (event === "shutdown") this.#endReason = message;
    const kind = EVENTS[event];
    if (kind !== undefined) this.note(kind, service, message ?? "");
  }

  note(event: HistoryEvent, service: string | null, message: string): void {
    const at = this.#ports.clock.wall();
    const text = cutText(message, MOST_HISTORY_TEXT);
    this.#ports.history.keep({ tag: "event", number: ++this.#number, at, service, event, message: text, merged: 0 });
  }

  adopted({ definition, beside }: ServiceRecord): void {
    const service = definition.name;
    const asked = textIn(beside[ASKED], "words");
    if (asked !== null) this.#asked.set(service, asked);
    const left = readRun(beside[RUN]);
    if (left === null) return;
    const { history } = this.#ports;
    this.#known.add(service);
    history.goesOn(left.open.session ?? "", left.open.run);
    if (left.end === null) this.#open.set(service, left.open);
    history.keep(entryOf(service, left.open, left.end));
  }

  began(definition: Definition, pid: number | null): void {
    if (pid === null) return;
    const { clock, history } = this.#ports;
    const service = definition.name;
    const restarts = this.#ports.fleet().get(service)?.restarts ?? 0;
    const because = this.#whyBegun(definition, restarts);
    this.#forgetAsked(service);
    this.#known.add(service);
    const now = { began: clock.wall(), beganAt: clock.now() };
    const about = { pid, ...now, because, restarts };
    const open: OpenRun = { run: ++this.#number, session: null, ...about, usage: null, lines: null };
    this.#open.set(service, open);
    this.#ports.annotateNext(service, RUN, savedRunOf(open, null, history.session));
    history.keep(entryOf(service, open, null));
  }

  /** To be called before the end of a main process is told. */
  departing(service: string, { run, usage }: Departure): void {
    const [open, record] = [this.#open.get(service), this.#ports.fleet().get(service)];
    if (open === undefined || record === null) return;
    const { history, clock } = this.#ports;
    open.usage = usage === null ? null : usageOf(usage, history.ownPeak());
    open.lines = null;
    const count = isAskedToEnd(record) ? 0 : history.lines();
    if (run === null || count === 0 || !this.#allowance.take(service, clock.now())) return;
    open.lines = this.#fetch({ service, run }, count);
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const { lastExit, state } = record;
    if (lastExit !== null && lastExit !== previous.lastExit) this.#ended(record, previous, lastExit);
    if (state.tag === previous.state.tag) return;
    const service = record.definition.name;
    // Its end was never told: its exec failed late, or nobody knows which process it was.
    if (hasNoProcess(state) && this.#open.has(service)) this.#lost(service, messageOf(record) ?? "it is gone");
    if (state.tag === "backoff" && isStartOf(previous)) this.note("start-failed", service, state.reason);
    if (state.tag === "failed" && state.reason !== lastExit?.reason) this.note("failed", service, state.reason);
  }

  /** Done when every end that was told by now is kept, with its last lines. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing.values());
  }

  forgotten(service: string): void {
    this.#open.delete(service);
    this.#asked.delete(service);
    this.#known.delete(service);
    this.#allowance.forget(service);
  }

  #ended(record: ServiceRecord, previous: ServiceRecord, last: NonNullable<ServiceRecord["lastExit"]>): void {
    const service = record.definition.name;
    const open = this.#open.get(service);
    if (open === undefined) return;
    const found = causeOfEnd(previous, last);
    const because = found.cause === "stop" ? this.#whyStopped(record, found) : found.finding;
    const { definition } = record;
    const isUsual = found.cause === "stop" || (found.cause === "end" && definition.type === "oneshot");
    // Of a daemon it is another one than was started.
    const pid = pidOf(previous) ?? open.pid;
    this.#close(
      service,
      { ...open, pid },
      {
        at: last.at,
        ran: this.#sinceBeginOf(open),
        cause: found.cause,
        exit: last.exit,
        reason: cutText(last.reason, MOST_HISTORY_TEXT),
        because: because === null || last.reason.startsWith(because) ? null : cutText(because, MOST_HISTORY_TEXT),
        usage: open.usage,
        report: isUsual ? null : { lines: null, areLinesOlder: false, own: [] },
      },
    );
  }

  #lost(service: string, reason: string): void {
    const open = this.#open.get(service);
    if (open === undefined) return;
    const what = { cause: "crash", exit: { tag: "unknown" }, because: null, usage: null } as const;
    const report = { lines: null, areLinesOlder: false, own: [] };
    this.#close(service, open, {
      at: this.#ports.clock.wall(),
      ran: this.#sinceBeginOf(open),
      ...what,
      reason,
      report,
    });
  }

  #close(service: string, open: OpenRun, end: RunEnd): void {
    this.#open.delete(service);
    const { began } = open;
    const { history } = this.#ports;
    this.#ports.annotateNext(service, RUN, savedRunOf(open, end, history.session));
    const entryWith = (lines: readonly OutputLine[] | null): HistoryEntry => {
      const own = end.report === null ? [] : history.ownLines(service, began);
      const report = end.report === null ? null : { ...end.report, lines, own };
      return entryOf(service, open, { ...end, report });
    };
    const entry = end.report === null || open.lines === null ? entryWith(null) : open.lines.then(entryWith);
    const before = this.#closing.get(service);
    if (before === undefined && !(entry instanceof Promise)) return history.keep(entry);
    // One after the other: whether an end repeats the one before it is found out by their order.
    const kept = Promise.all([entry, before]).then(([whole]) => history.keep(whole));
    this.#closing.set(service, kept);
    void kept.then(() => {
      if (this.#closing.get(service) === kept) this.#closing.delete(service);
    });
  }

  #fetch(of: { readonly service: string; readonly run: number }, count: number): Promise<readonly OutputLine[] | null> {
    const { output, timers } = this.#ports;
    return new Promise((resolve) => {
      const cancel = timers.after(PATIENCE, () => resolve(null));
      void output.lastWords(of, count).then((lines) => {
        cancel();
        resolve(boundLines(lines, count));
      });
    });
  }

  #sinceBeginOf({ beganAt }: OpenRun): Millis {
    return spanBetween(beganAt, this.#ports.clock.now());
  }

  #forgetAsked(service: string): void {
    if (this.#asked.delete(service)) this.#ports.annotateNext(service, ASKED, null);
  }

  #whyBegun(definition: Definition, restarts: number): string {
    if (restarts > 0) return "restarted";
    const asked = this.#asked.get(definition.name);
    if (asked !== undefined) return asked;
    if (definition.schedule !== null) return "by its schedule";
    if (definition.sockets.some(({ onDemand }) => onDemand)) return "at a connection";
    return this.#known.has(definition.name) ? "for other services" : "with the supervisor";
  }

  #whyStopped(record: ServiceRecord, { finding }: CauseOfEnd): string | null {
    const service = record.definition.name;
    const asked = this.#asked.get(service);
    if (asked?.startsWith("stop") === true) this.#forgetAsked(service);
    if (asked !== undefined) return asked;
    if (this.#ports.isEnding()) return `the supervisor ends: ${this.#endReason ?? "it was asked to"}`;
    if (finding !== null) return finding;
    const fleet = this.#ports.fleet();
    for (const { name } of fleet.links.requirementsOf(service)) {
      const required = fleet.get(name);
      if (required !== null && (required.held !== null || isEnding(required.state)))
        return `"${name}" is being stopped`;
    }
    return null;
  }
}

/** true: a start was at work, of which no process has come. */
function isStartOf({ state }: ServiceRecord): boolean {
  return state.tag === "launching" || state.tag === "execing" || state.tag === "preparing";
}

function usageOf({ userMs, systemMs, peakRss }: EndedUsage, ownPeak: number): RunUsage {
  return { userMs: millis(userMs), systemMs: millis(systemMs), peakRss, isPeakExact: peakRss > ownPeak };
}
