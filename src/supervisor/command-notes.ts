/*
 * What is written down of commands that run for services, so that a successor waits for those that are at work, hears of those
 * that have ended, and starts none a second time. A command is noted before its process is made, with its end before that is
 * reaped, and until what follows from the end has been told.
 */
import { HOOK_NAMES } from "../core/life-policies.ts";
import { isTrueIn, numberIn, textIn } from "../core/plain-data.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { type Instant, type Millis, millis } from "../core/units.ts";
import type { Annotate } from "./companion.ts";

/** What a command is for; one of each is at work for a service at a time. */
export type CommandKind = (typeof COMMAND_KINDS)[number];
export const COMMAND_KINDS = [...HOOK_NAMES, "on_failure", "stop", "reload", "check"] as const;

/** In the environment of every command: its kind. */
export const KIND_VARIABLE = "DAEMONSUP_COMMAND";

export interface CommandNote {
  /** null: it was about to be started. */
  readonly pid: number | null;
  /** null: it was not known. */
  readonly startTicks: number | null;
  readonly invocation: string;
  readonly timeout: Millis;
  /** When its time is up. */
  readonly until: Instant;
  readonly outlives: boolean;
  /** How it ended, null: with success; undefined: it has not ended. */
  readonly failure?: string | null;
}

export class CommandNotes {
  readonly #annotate: Annotate;
  /** The number of the last command of each service and kind that is noted. */
  readonly #numbers = new Map<string, number>();
  #last = 0;

  constructor(annotate: Annotate) {
    this.#annotate = annotate;
  }

  /** Returns what the note is changed and removed by. */
  begin(service: string, kind: CommandKind): NotedCommand {
    const [number, key] = [++this.#last, `${service} ${kind}`];
    this.#numbers.set(key, number);
    const isLatest = (): boolean => this.#numbers.get(key) === number;
    return {
      write: (note) => {
        if (isLatest())
          this.#annotate(service, wordOf(kind), {
            ...note,
            failure: note.failure ?? null,
            over: note.failure !== undefined,
          });
      },
      remove: () => {
        if (!isLatest()) return;
        this.#numbers.delete(key);
        this.#annotate(service, wordOf(kind), null);
      },
    };
  }
}

/** The note of one command, until another one of its kind begins. */
export interface NotedCommand {
  write(note: CommandNote): void;
  remove(): void;
}

/** What a predecessor has noted, by kind. */
export function readCommandNotes({ beside }: ServiceRecord): readonly (readonly [CommandKind, CommandNote])[] {
  return COMMAND_KINDS.flatMap((kind) => {
    const data = beside[wordOf(kind)];
    const [invocation, until] = [textIn(data, "invocation"), numberIn(data, "until")];
    if (invocation === null || until === null) return [];
    const note: CommandNote = {
      pid: numberIn(data, "pid"),
      startTicks: numberIn(data, "startTicks"),
      invocation,
      timeout: millis(numberIn(data, "timeout") ?? 0),
      until: until as Instant,
      outlives: isTrueIn(data, "outlives"),
    };
    return [[kind, isTrueIn(data, "over") ? { ...note, failure: textIn(data, "failure") } : note] as const];
  });
}

function wordOf(kind: CommandKind): string {
  return `command ${kind}`;
}
