/* What is asked of whoever runs commands for services, and what is answered. */
import type { Definition } from "../core/definition.ts";
import type { Millis } from "../core/units.ts";
import type { CommandKind } from "./command-notes.ts";
import type { SpawnPort } from "./ports.ts";

export interface CommandRequest {
  readonly kind: CommandKind;
  readonly definition: Definition;
  readonly command: readonly string[];
  /** The service's main process, told as MAINPID; null: there is none. */
  readonly mainPid: number | null;
  readonly timeout: Millis;
  /** INVOCATION_ID, by which a successor finds it, should this supervisor die; that of the run at hand if it is not given. */
  readonly invocation?: string;
  /** true: it goes on when the service comes to rest, as it is about something that is over. */
  readonly outlives?: boolean;
  /** Variables for this command alone. */
  readonly extra?: Readonly<Record<string, string>>;
}

/**
 * null: it succeeded; otherwise why not, as a clause: "exited 3", "took longer than 10s". `isKnown` false: how it ended cannot be
 * told, as the supervisor that had started it has died meanwhile.
 */
export type CommandDone = (failure: string | null, isKnown: boolean) => void;

/** The same with the last of its output, at most as many bytes as was asked for. */
export type CaptureDone = (failure: string | null, output: string) => void;

export type CommandStart =
  | {
      readonly tag: "started";
      /** Kills it with all its children; `done` follows as usual. */
      kill(): void;
    }
  | { readonly tag: "failed"; readonly reason: string };

/** What `CommandDone` tells. */
export interface CommandEnd {
  readonly failure: string | null;
  readonly isKnown: boolean;
}

/** The output of a command will not grow any more: does what is due, and calls `then` in a later turn. */
export type OutputOver = (then: () => void) => void;

/** Where the output of a command goes. */
export interface CommandSink {
  pipe(service: string): ReturnType<SpawnPort["pipe"]>;
  /** There is no command after all: closes the read end. */
  discard(read: number): void;
  /** Takes the read end, and returns what to do at the end of the command. */
  take(child: { readonly service: string; readonly pid: number; readonly stdout: number }): OutputOver;
}
