/* What a guardian and its supervisor say to each other, a packet each. Part of the composition root. */
import type { Exit } from "./core/exit.ts";
import type { SignalName } from "./core/signal-names.ts";
import type { UpgradeNote } from "./core/upgrade.ts";

export interface DaemonUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export type ToGuardian =
  /** The descriptors that come along, in this order, are to outlive the supervisor. */
  | { readonly tag: "hold"; readonly names: readonly string[] }
  | { readonly tag: "release"; readonly names: readonly string[] }
  /** It gives up root now, as the guardian is to do: what later supervisors go by lies in the hands of this user. */
  | { readonly tag: "become"; readonly user: DaemonUser }
  /** What there is to do about the ends of these children has been done. */
  | { readonly tag: "reap"; readonly pids: readonly number[] }
  /** Whoever waits for the start has been told that it is up. */
  | { readonly tag: "ready" }
  /** It stops its services and ends; a successor is to go on with that. */
  | { readonly tag: "ending" }
  /** It cannot go on, and why: for the log of the next one. */
  | { readonly tag: "failed"; readonly lines: readonly string[] }
  /** It has come to its end in order, and everything ends with this status. */
  | { readonly tag: "over"; readonly code: number }
  /**
   * It ends now, for the program whose file comes along to take its place; if that does not, the one before goes on. It has heard of
   * so many signals, and has left those that it `missed` to the next.
   */
  | {
      readonly tag: "upgrade";
      readonly note: UpgradeNote;
      readonly heard: number;
      readonly missed: readonly SignalName[];
    }
  /** Of sd_notify(3), for the manager of which the guardian is a service. */
  | { readonly tag: "manager"; readonly text: string };

/** A child of the guardian that has ended, and keeps its number until it is to be reaped. */
export interface EndedWard {
  readonly pid: number;
  readonly exit: Exit;
  readonly usage: { readonly userMs: number; readonly systemMs: number; readonly peakRss: number };
}

export type ToSupervisor =
  | { readonly tag: "signal"; readonly name: SignalName }
  | { readonly tag: "ended"; readonly children: readonly EndedWard[] }
  | { readonly tag: "reaped"; readonly pids: readonly number[] }
  /** A bug of the guardian's, for the log. */
  | { readonly tag: "trouble"; readonly text: string }
  /** After an upgrade of the supervisor: of which version the guardian is now. `failure`: why not of the new one; null: it is. */
  | { readonly tag: "guardian"; readonly version: string; readonly since: number; readonly failure: string | null };

/** How many children one message tells of: it stays well below the longest packet. */
export const MOST_CHILDREN = 100;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeMessage(message: ToGuardian | ToSupervisor): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** Both ends are the same program, of this version or the one before: a tag that is not known is to be ignored. */
export function decodeMessage<Message extends ToGuardian | ToSupervisor>(bytes: Uint8Array): Message {
  return JSON.parse(decoder.decode(bytes)) as Message;
}
