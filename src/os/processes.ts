import { type Pointer, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { errnoNameOf } from "./errno-names.ts";
import { loadNativeProcesses } from "./native-processes.ts";
import { withSpareDescriptors } from "./spare-descriptors.ts";

/** One process as /proc shows it (proc_pid_stat(5)). */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** One letter: R, S, D, Z, T, ... */
  readonly state: string;
  /** Clock ticks since boot; with the pid it names a process for good. */
  readonly startTicks: number;
}

/** Every process of the machine that can be seen, in no particular order. Throws if /proc cannot be read. */
export function readProcessTable(): readonly ProcessRow[] {
  const count = fillWords((words, size) => loadNativeProcesses().readTable(words, Math.floor(size / ROW_WORDS)));
  if (count < 0) throw new Error(`cannot read "/proc": ${errnoNameOf(-count)}`);
  return Array.from({ length: count }, (_, index) => rowAt(index * ROW_WORDS));
}

/** One process, or null if there is none of that number. */
export function readProcess(pid: number): ProcessRow | null {
  return readRow(pid) ? rowAt(0) : null;
}

/** true: there is no process of that number, or none that is alive. Its first thread counts: others may still be ending. */
export function hasEnded(pid: number): boolean {
  const state = readProcess(pid)?.state;
  return state === undefined || state === "Z" || state === "X";
}

/**
 * The children of all threads of a process, each once or more. null if they cannot be told: the process is gone, its threads
 * came and went meanwhile, or the kernel does not show them.
 */
export function readChildren(pid: number): readonly number[] | null {
  const count = fillWords((words, size) => loadNativeProcesses().readChildren(pid, words, size));
  return count < 0 ? null : [...words.subarray(0, count)];
}

/** The environment that the process was started with; null if it may not be read. */
export function readEnvironment(pid: number): ReadonlyMap<string, string> | null {
  const text = readText(`${pid}/environ`);
  if (text === null) return null;
  const variables = new Map<string, string>();
  for (const entry of text.split("\0")) {
    const at = entry.indexOf("=");
    if (at >= 0) variables.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return variables;
}

/** true if the process has a handler for the signal. */
export function catchesSignal(pid: number, signal: number): boolean {
  if (signal > LAST_USUAL_SIGNAL) return catchesRealTimeSignal(pid, signal);
  return readRow(pid) && ((words[CAUGHT] ?? 0) & (1 << (signal - 1))) !== 0;
}

function catchesRealTimeSignal(pid: number, signal: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readText(`${pid}/status`) ?? "")?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & (1n << BigInt(signal - 1))) !== 0n;
}

/** The name of the program, as ps shows it; "?" if the process is gone. */
export function readProcessName(pid: number): string {
  return readText(`${pid}/comm`)?.trim() ?? "?";
}

/** Identifies this boot of the machine (random(4)). */
export function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

/** A file below /proc, also after something else has been mounted there; null if it cannot be read. */
function readText(path: string): string | null {
  const name = Buffer.from(`${path}\0`);
  for (;;) {
    const count = withoutThrowing(() => loadNativeProcesses().readText(ptr(name), ptr(bytes), bytes.length));
    if (count >= 0) return decoder.decode(bytes.subarray(0, count));
    if (count !== -constants.errno.E2BIG || bytes.length >= MOST_BYTES) return null;
    bytes = new Uint8Array(bytes.length * 4);
  }
}

function withoutThrowing(read: () => number): number {
  try {
    return withDescriptor(read);
  } catch {
    return -constants.errno.EMFILE;
  }
}

const decoder = new TextDecoder();
let bytes = new Uint8Array(65_536);
/** An environment may have 6 MiB (three quarters of the largest stack that execve(2) takes into account). */
const MOST_BYTES = 16_777_216;

// What processes.c fills: rows of eight words, or numbers. Grows when something does not fit.
const ROW_WORDS = 8;
const CAUGHT = 5;
let words = new Int32Array(ROW_WORDS * 2048);
const LAST_USUAL_SIGNAL = 31;

/** What `fill` returns, once it does not say any more that `words` are too few or that descriptors are short. */
function fillWords(fill: (words: Pointer, size: number) => number): number {
  for (;;) {
    const result = withDescriptor(() => fill(ptr(words), words.length));
    if (result !== -constants.errno.E2BIG || words.length >= MOST_WORDS) return result;
    words = new Int32Array(words.length * 2);
  }
}

/** More processes than a kernel has numbers for. */
const MOST_WORDS = ROW_WORDS * 4_194_304;

/** Reads once more if no descriptor was left. Throws if there is still none. */
function withDescriptor(read: () => number): number {
  const result = read();
  return isShortage(result) ? withSpareDescriptors(() => refuseShortage(read())) : result;
}

function isShortage(result: number): boolean {
  return result === -constants.errno.EMFILE || result === -constants.errno.ENFILE;
}

function refuseShortage(result: number): number {
  if (!isShortage(result)) return result;
  throw Object.assign(new Error(`cannot read "/proc": ${errnoNameOf(-result)}`), { code: errnoNameOf(-result) });
}

/** Called for each service in turn: no more than what has to be. */
function readRow(pid: number): boolean {
  const result = loadNativeProcesses().readRow(pid, ptr(words));
  if (!isShortage(result)) return result === 1;
  try {
    return withDescriptor(() => loadNativeProcesses().readRow(pid, ptr(words))) === 1;
  } catch {
    return false;
  }
}

// No part of the words is taken out of them first: that took longer than all the rest, for each process of the machine.
function rowAt(offset: number): ProcessRow {
  return {
    pid: words[offset] ?? 0,
    parent: words[offset + 1] ?? 0,
    group: words[offset + 2] ?? 0,
    session: words[offset + 3] ?? 0,
    state: String.fromCharCode(words[offset + 4] ?? 0),
    startTicks: ((words[offset + 7] ?? 0) >>> 0) * 2 ** 32 + ((words[offset + 6] ?? 0) >>> 0),
  };
}
