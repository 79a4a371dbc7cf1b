/*
 * Commands that a predecessor has begun for services. Those that are at work go on, those that have ended meanwhile have their
 * end told, by whoever reaps them or by what was written down of it; each is waited for by whoever would start it. What nobody
 * waits for any more is killed.
 */
import { exitWordsOf } from "../core/exit.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { type CommandKind, type CommandNotes, type NotedCommand, readCommandNotes } from "./command-notes.ts";
import type { CommandDone, CommandEnd, CommandStart } from "./command-request.ts";
import { type NotedIdentity, findCommand } from "./find-command.ts";
import type { OutputPort, ProcessPort, ProcessRow, TimerPort } from "./ports.ts";

export interface LeftCommandsPorts {
  readonly processes: Pick<ProcessPort, "row" | "strangers" | "environment" | "parents">;
  readonly timers: Pick<TimerPort, "soon">;
  readonly output: Pick<OutputPort, "adoptedCommands" | "drain">;
  readonly notes: CommandNotes;
  isRunning(pid: number): boolean;
  /** It is one of ours from now on. */
  goOn(found: FoundCommand, row: ProcessRow): void;
  kill(pid: number): void;
}

export interface FoundCommand extends NotedIdentity {
  readonly noted: NotedCommand;
  /** To be called when it has ended. */
  readonly ended: CommandDone;
}

interface Left {
  /** null: it has not ended. */
  end: CommandEnd | null;
  /** null: nothing of it is there. */
  pid: number | null;
  /** Who waits for it. */
  done: CommandDone | null;
  readonly noted: NotedCommand;
}

const UNKNOWN_END: CommandEnd = { failure: exitWordsOf({ tag: "unknown" }), isKnown: false };

export class LeftCommands {
  readonly #ports: LeftCommandsPorts;
  /** Those that nobody waits for yet, by service and kind. */
  readonly #left = new Map<string, Left>();

  constructor(ports: LeftCommandsPorts) {
    this.#ports = ports;
  }

  adopt(record: ServiceRecord): void {
    const { notes, processes } = this.#ports;
    const service = record.definition.name;
    for (const [kind, note] of readCommandNotes(record)) {
      const noted = notes.begin(service, kind);
      const isOver = note.failure !== undefined;
      const row = isOver ? null : findCommand({ service, kind, note }, processes);
      const end = isOver ? { failure: note.failure, isKnown: true } : row === null ? UNKNOWN_END : null;
      const left: Left = { end, pid: row?.pid ?? null, done: null, noted };
      this.#left.set(keyOf(service, kind), left);
      if (row !== null) this.#ports.goOn({ service, kind, note, noted, ended: endedOf(left) }, row);
    }
  }

  /**
   * Waits for the command of this kind that was begun for the service: `done` is called later, and the command is forgotten with
   * that. null: there is none.
   */
  claim(service: string, kind: CommandKind, done: CommandDone): CommandStart | null {
    const left = this.#left.get(keyOf(service, kind));
    if (left === undefined) return null;
    this.#left.delete(keyOf(service, kind));
    const { pid, end, noted } = left;
    left.done = done;
    if (end === null && pid !== null) return { tag: "started", kill: () => this.#ports.kill(pid) };
    const { failure, isKnown } = end ?? UNKNOWN_END;
    this.#ports.timers.soon(() => {
      done(failure, isKnown);
      noted.remove();
    });
    return { tag: "started", kill: () => {} };
  }

  /** Nobody waits for what was not claimed by now. What those that have ended have said is read to its end. */
  endUnclaimed(): void {
    for (const { pid, end, noted } of this.#left.values()) {
      if (end === null && pid !== null) this.#ports.kill(pid);
      else noted.remove();
    }
    this.#left.clear();
    const { output, isRunning } = this.#ports;
    for (const { run, pid } of output.adoptedCommands()) if (!isRunning(pid)) output.drain(run);
  }
}

function endedOf(left: Left): CommandDone {
  return (failure, isKnown) => {
    left.end = { failure, isKnown };
    left.done?.(failure, isKnown);
  };
}

function keyOf(service: string, kind: CommandKind): string {
  return `${service} ${kind}`;
}
