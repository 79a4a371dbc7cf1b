/*
 * What a service says of itself over NOTIFY_SOCKET: datagrams of lines NAME=VALUE, as sd_notify(3) of systemd describes
 * them. Unknown names are no fault: services send what some other manager understands, and private ones begin with X_.
 * A known name with a bad value is passed over, and the reason told; the rest of the datagram counts.
 */
import type { NotifyAccess } from "./life-policies.ts";
import { type Millis, millis } from "./units.ts";

/** Everything that one datagram says; null or false: it does not say that. */
export interface Notification {
  /** Where several are said, stopping wins over ready, and ready over reloading. */
  readonly phase: "ready" | "reloading" | "stopping" | null;
  /** When the reload began: CLOCK_MONOTONIC in microseconds. */
  readonly monotonicMicros: number | null;
  /** One line for people; empty: nothing any more. */
  readonly status: string | null;
  readonly errno: number | null;
  readonly busError: string | null;
  readonly varlinkError: string | null;
  readonly exitStatus: number | null;
  readonly access: NotifyAccess | null;
  readonly mainPid: number | null;
  readonly watchdog: "ping" | "trigger" | null;
  /** The new time between two pings; Infinity: none are due any more. */
  readonly watchdogTimeout: Millis | null;
  readonly extendBy: Millis | null;
  readonly resetsRestarts: boolean;
  /** The descriptors that came with it are to be kept under this name; `poll`: until their other end hangs up. */
  readonly store: { readonly name: string; readonly poll: boolean } | null;
  /** Stored descriptors of this name are to be let go of. */
  readonly unstore: string | null;
}

export type NotifyMessage =
  /** The sender waits until its descriptor is closed: everything that was sent before has been dealt with then. */
  | { readonly tag: "barrier" }
  | { readonly tag: "said"; readonly notification: Notification; readonly ignored: readonly string[] }
  | { readonly tag: "malformed"; readonly reason: string };

/** The name of stored descriptors that were sent without one. */
const DEFAULT_DESCRIPTOR_NAME = "stored";
/** Longer statuses are ignored; in bytes, as systemd has it. */
export const MOST_STATUS_BYTES = 1024;
/** No service is given more time than this at once, nor may take longer between two pings: a day. */
export const LONGEST_SPAN: Millis = millis(24 * 60 * 60 * 1000);
const MOST_DESCRIPTOR_NAME = 255;
const MOST_ERROR_NAME = 255;
/** pid_max of a 64-bit kernel, proc(5). */
const HIGHEST_PID = 2 ** 22;
/** MAX_ERRNO of the kernel. */
const HIGHEST_ERRNO = 4095;
/** What systemd writes for an endless time: the largest 64-bit number. */
const ENDLESS = "18446744073709551615";

const NOTHING: Notification = {
  phase: null,
  monotonicMicros: null,
  status: null,
  errno: null,
  busError: null,
  varlinkError: null,
  exitStatus: null,
  access: null,
  mainPid: null,
  watchdog: null,
  watchdogTimeout: null,
  extendBy: null,
  resetsRestarts: false,
  store: null,
  unstore: null,
};

type Assignments = ReadonlyMap<string, string>;
/** Gives what a value says, or why it says nothing. */
type Reader = (value: string, all: Assignments) => Partial<Notification> | string;

/** Reads a datagram that came with so many descriptors. */
export function parseNotifyMessage(bytes: Uint8Array, descriptors: number): NotifyMessage {
  // Some senders count the NUL at the end of their string.
  const text = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
  if (text.includes(0)) return { tag: "malformed", reason: "there is a NUL byte in it" };
  const ignored: string[] = [];
  const assignments = readAssignments(text, ignored);
  if (assignments.has("BARRIER")) {
    const fault = faultOfBarrier(assignments, descriptors);
    if (fault === null) return { tag: "barrier" };
    ignored.push(`BARRIER=1: ${fault}`);
  }
  const said: Partial<Notification>[] = [];
  for (const [name, value] of assignments) {
    const read = READERS.get(name)?.(value, assignments) ?? {};
    if (typeof read === "string") ignored.push(`${name}=${shortOf(value)}: ${read}`);
    else said.push(read);
  }
  const phase = phaseOf(assignments);
  return { tag: "said", notification: Object.assign({}, NOTHING, ...said, { phase }), ignored };
}

/** The first of several assignments to one name counts, as with systemd. */
function readAssignments(text: Uint8Array, ignored: string[]): Assignments {
  const assignments = new Map<string, string>();
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf(NEWLINE, start);
    const end = newline < 0 ? text.length : newline;
    const line = text.subarray(start, end);
    start = end + 1;
    const equals = line.indexOf(EQUALS);
    if (equals <= 0) continue;
    const [name, value] = [decode(line.subarray(0, equals)), decode(line.subarray(equals + 1))];
    if (name === null || assignments.has(name)) continue;
    if (value !== null) assignments.set(name, value);
    else if (READERS.has(name)) ignored.push(`${name}: it is not UTF-8`);
  }
  return assignments;
}

const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | null {
  try {
    return DECODER.decode(bytes);
  } catch {
    return null;
  }
}

function faultOfBarrier(assignments: Assignments, descriptors: number): string | null {
  if (assignments.get("BARRIER") !== "1") return "its value is not 1";
  if (assignments.size > 1) return "it must be alone";
  return descriptors === 1 ? null : `it came with ${descriptors} descriptors, want 1`;
}

const READER_OF: Readonly<Record<string, Reader>> = {
  READY: onlyOne,
  RELOADING: onlyOne,
  STOPPING: onlyOne,
  MONOTONIC_USEC: (value) => numberUpTo(value, Number.MAX_SAFE_INTEGER, (monotonicMicros) => ({ monotonicMicros })),
  STATUS: (value) =>
    new TextEncoder().encode(value).length > MOST_STATUS_BYTES
      ? `it is longer than ${MOST_STATUS_BYTES} bytes`
      : { status: withoutControls(value) },
  ERRNO: (value) => numberUpTo(value, HIGHEST_ERRNO, (errno) => ({ errno })),
  EXIT_STATUS: (value) => numberUpTo(value, 255, (exitStatus) => ({ exitStatus })),
  BUSERROR: (value) => (isErrorName(value) ? { busError: value } : "it is no name of an error"),
  VARLINKERROR: (value) => (isErrorName(value) ? { varlinkError: value } : "it is no name of an error"),
  NOTIFYACCESS: (value) => (isAccess(value) ? { access: value } : "want none, main, exec or all"),
  MAINPID: (value) =>
    numberUpTo(value, HIGHEST_PID, (pid) => (pid > 1 ? { mainPid: pid } : "it cannot be a main process")),
  WATCHDOG: (value) =>
    value === "1" ? { watchdog: "ping" } : value === "trigger" ? { watchdog: "trigger" } : "want 1 or trigger",
  WATCHDOG_USEC: (value) =>
    value === "0" || value === ENDLESS
      ? { watchdogTimeout: millis(Infinity) }
      : spanOf(value, (span) => ({ watchdogTimeout: span })),
  EXTEND_TIMEOUT_USEC: (value) => spanOf(value, (span) => ({ extendBy: span })),
  RESTART_RESET: (value) => (value === "1" ? { resetsRestarts: true } : "its value is not 1"),
  FDSTORE: (value, all) =>
    value === "1" ? { store: { name: descriptorNameOf(all), poll: all.get("FDPOLL") !== "0" } } : "its value is not 1",
  FDSTOREREMOVE: (value, all) => {
    if (value !== "1") return "its value is not 1";
    const name = all.get("FDNAME");
    return name !== undefined && isDescriptorName(name) ? { unstore: name } : "it needs a valid FDNAME";
  },
  FDNAME: (value) => (isDescriptorName(value) ? {} : "it is no name of a descriptor"),
  FDPOLL: (value) => (value === "0" || value === "1" ? {} : "want 0 or 1"),
};
// A map, for which "constructor" is a name like any other.
const READERS: ReadonlyMap<string, Reader> = new Map(Object.entries(READER_OF));

function phaseOf(assignments: Assignments): Notification["phase"] {
  const says = (name: string): boolean => assignments.get(name) === "1";
  if (says("STOPPING")) return "stopping";
  if (says("READY")) return "ready";
  return says("RELOADING") ? "reloading" : null;
}

function onlyOne(value: string): Partial<Notification> | string {
  return value === "1" ? {} : "its value is not 1";
}

function numberUpTo(
  value: string,
  most: number,
  said: (number: number) => Partial<Notification> | string,
): Partial<Notification> | string {
  if (!/^\d{1,20}$/.test(value)) return "it is no number";
  return Number(value) > most ? `it is more than ${most}` : said(Number(value));
}

/** Microseconds; what is longer than the longest is cut to it. */
function spanOf(value: string, said: (span: Millis) => Partial<Notification>): Partial<Notification> | string {
  return numberUpTo(value, Infinity, (micros) =>
    micros === 0 ? "it is no time" : said(millis(Math.min(Math.ceil(micros / 1000), LONGEST_SPAN))),
  );
}

export function isAccess(value: string): value is NotifyAccess {
  return value === "none" || value === "main" || value === "exec" || value === "all";
}

/** As on D-Bus and in Varlink: words with dots. */
function isErrorName(value: string): boolean {
  return value.length <= MOST_ERROR_NAME && /^[A-Za-z_][\w.-]*$/.test(value);
}

function descriptorNameOf(assignments: Assignments): string {
  const name = assignments.get("FDNAME");
  return name !== undefined && isDescriptorName(name) ? name : DEFAULT_DESCRIPTOR_NAME;
}

/** Printable ASCII without the colon, which separates the names in LISTEN_FDNAMES. */
function isDescriptorName(value: string): boolean {
  return value.length <= MOST_DESCRIPTOR_NAME && /^[ -9;-~]+$/.test(value);
}

/** It is shown on terminals and in logs, where control characters do things. */
function withoutControls(value: string): string {
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ").trim();
}

function shortOf(value: string): string {
  const shown = withoutControls(value);
  return shown.length > 40 ? `${shown.slice(0, 40)}…` : shown;
}
