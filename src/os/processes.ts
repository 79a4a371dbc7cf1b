import { readFileSync, readdirSync } from "node:fs";
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

/** Every process of the machine that can be seen, in no particular order. */
export function readProcessTable(): readonly ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const entry of withSpareDescriptors(() => readdirSync("/proc"))) {
    const first = entry.charCodeAt(0);
    if (first < 0x30 || first > 0x39) continue;
    const row = readProcess(Number(entry));
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** One process, or null if there is none of that number. */
export function readProcess(pid: number): ProcessRow | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name stands in parentheses and may itself contain any character, these included.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group, session] = fields;
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined) return null;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    state,
    startTicks: Number(startTicks),
  };
}

/** The children of this process that its main thread made or was handed as subreaper, ended ones included. */
export function readOwnChildren(): readonly number[] {
  const text = readProc(`/proc/self/task/${process.pid}/children`);
  if (text !== null) return parseNumbers(text);
  return readProcessTable()
    .filter((row) => row.parent === process.pid)
    .map((row) => row.pid);
}

/** Numbers with blanks after them; by hand, because a supervisor reads a thousand of them at each exit. */
function parseNumbers(text: string): readonly number[] {
  const numbers: number[] = [];
  let number = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit >= 0 && digit <= 9) number = number * 10 + digit;
    else {
      if (number > 0) numbers.push(number);
      number = 0;
    }
  }
  if (number > 0) numbers.push(number);
  return numbers;
}

/** The environment that the process was started with; null if it may not be read. */
export function readEnvironment(pid: number): ReadonlyMap<string, string> | null {
  const text = readProc(`/proc/${pid}/environ`);
  if (text === null) return null;
  const entries = text.split("\0").filter((entry) => entry.includes("="));
  return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]));
}

/** true if the process has a handler for the signal. */
export function catchesSignal(pid: number, signal: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readProc(`/proc/${pid}/status`) ?? "")?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & (1n << BigInt(signal - 1))) !== 0n;
}

/** The name of the program, as ps shows it; "?" if the process is gone. */
export function readProcessName(pid: number): string {
  return readProc(`/proc/${pid}/comm`)?.trim() ?? "?";
}

/** Identifies this boot of the machine (random(4)). */
export function readBootId(): string {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

function readProc(path: string): string | null {
  try {
    return withSpareDescriptors(() => readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
