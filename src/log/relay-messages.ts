import type { LogServer } from "../core/log-policy.ts";

/*
 * What is said to the Worker that hands lines on to other programs. Each sink of a service has a number of its own; what it
 * has sent and the relay has not yet handed on is bounded, and shared memory tells how far the relay has come, so that the
 * data plane need not be woken.
 */

/** The BroadcastChannel between the data plane and the relay. */
export const RELAY_CHANNEL = "daemonsup-relay";

/** Where lines are handed on to. */
export type RelayTarget =
  | ({ readonly tag: "server" } & LogServer)
  /** The standard input of this service. */
  | { readonly tag: "service"; readonly service: string };

/** From the data plane. `sink` is different for every sink that ever was. */
export type RelayOrder =
  /** `taken` counts the cost of what was handed on of this sink, and the lines that were given up; `allTaken` the cost of all sinks of its line. */
  | {
      readonly tag: "open";
      readonly sink: string;
      readonly target: RelayTarget;
      readonly taken: SharedArrayBuffer;
      readonly allTaken: SharedArrayBuffer;
    }
  | ({ readonly tag: "records"; readonly sink: string } & Records)
  /** Nothing more follows; what was sent is handed on. */
  | { readonly tag: "shut"; readonly sink: string };

/** Records behind one another, and where each ends. */
export interface Records {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
  /** How many lines of the service each has come from; null: one each. */
  readonly lines: readonly number[] | null;
}

/** What a record costs beside its bytes. */
const OVERHEAD = 64;

export function costOf({ bytes, ends }: Records): number {
  return bytes.length + ends.length * OVERHEAD;
}

/** How many lines of the service they have come from, the first `from` records aside. */
export function linesOf({ ends, lines }: Records, from: number): number {
  return lines === null ? ends.length - from : lines.slice(from).reduce((sum, count) => sum + count, 0);
}

/** From the main thread. */
export type ToRelay =
  /** Its first message. */
  | { readonly tag: "begin" }
  /** The pipe to the standard input of a service, from now on or again. It does not block, and is not the relay's. */
  | { readonly tag: "pipe"; readonly service: string; readonly fd: number }
  /** That pipe is to be touched no more once what waits for it is in it, then say `done`. It may be used again before that. */
  | { readonly tag: "release"; readonly service: string; readonly number: number }
  /** That pipe has room again. */
  | { readonly tag: "room"; readonly service: string }
  /** Hand on what can be handed on within this time, to file readers or to everybody, then say `done`. */
  | { readonly tag: "finish"; readonly to: "files" | "all"; readonly millis: number; readonly number: number };

/** To the main thread. */
export type FromRelay =
  /** It listens to the data plane from now on. */
  | { readonly tag: "ready" }
  /** The pipe to this service is full: say when it has room. */
  | { readonly tag: "full"; readonly service: string }
  /** What was asked under this number. */
  | { readonly tag: "done"; readonly number: number }
  | { readonly tag: "problem"; readonly message: string; readonly recovered: boolean }
  /** Why a server, by the name of its target, is not reached; null: nothing is known against it, or not any more. */
  | { readonly tag: "server"; readonly name: string; readonly trouble: string | null };

/** For people: `tls://logs.example.com:6514`, or `service:collector`. */
export function nameOfTarget(target: RelayTarget): string {
  if (target.tag === "service") return `service:${target.service}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return `${target.protocol}://${host}:${target.port}`;
}
