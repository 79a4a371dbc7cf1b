import { readFileSync, readdirSync } from "node:fs";

/** Bytes. */
export interface Memory {
  /** Its own pages, and its share of those that it shares (proc_pid_smaps(5)). */
  readonly pss: number;
  /** The part of it that is no file. */
  readonly anonymous: number;
}

/** Of all these processes together. */
export function memoryOf(pids: readonly number[]): Memory {
  const texts = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  const bytes = (name: string): number => {
    const line = new RegExp(`^${name}:\\s*(\\d+) kB`, "m");
    return texts.reduce((sum, text) => sum + 1024 * Number(line.exec(text)?.[1]), 0);
  };
  return { pss: bytes("Pss"), anonymous: bytes("Pss_Anon") };
}

/** A process and those below it whose command line is meant: a supervisor of many processes, less its services. */
export function treeOf(root: number, isMeant: (commandLine: string) => boolean): readonly number[] {
  const parents = new Map<number, number[]>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = Number(statFields(`/proc/${entry}/stat`)[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)]);
  }
  const found = new Set([root]);
  for (const pid of found) for (const child of parents.get(pid) ?? []) found.add(child);
  return [...found].filter((pid) => isMeant(readText(`/proc/${pid}/cmdline`)));
}

/** What a thread has done since it began. */
export interface ThreadWork {
  readonly thread: string;
  readonly cpuMs: number;
  /** How often it gave the processor away or had it taken away: at least as often it woke up. */
  readonly switches: number;
}

/** Of all these processes, by thread number. */
export function threadsOf(pids: readonly number[]): ReadonlyMap<string, ThreadWork> {
  const threads = new Map<string, ThreadWork>();
  for (const [pid, task] of pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((task) => [pid, task] as const),
  )) {
    const directory = `/proc/${pid}/task/${task}`;
    const switches = [...readText(`${directory}/status`).matchAll(/ctxt_switches:\s*(\d+)/g)];
    threads.set(task, {
      thread: readText(`${directory}/comm`).trim(),
      cpuMs: cpuTimeOf(directory),
      switches: switches.reduce((sum, match) => sum + Number(match[1]), 0),
    });
  }
  return threads;
}

/** Of all their threads together, in milliseconds. */
export function cpuTimeOfAll(pids: readonly number[]): number {
  return [...threadsOf(pids).values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** What each thread did in between; threads that did nothing included. */
export function workBetween(
  before: ReadonlyMap<string, ThreadWork>,
  after: ReadonlyMap<string, ThreadWork>,
): readonly ThreadWork[] {
  return [...after].map(([task, { thread, cpuMs, switches }]) => ({
    thread,
    cpuMs: cpuMs - (before.get(task)?.cpuMs ?? 0),
    switches: switches - (before.get(task)?.switches ?? 0),
  }));
}

/** In milliseconds. Of the two files that tell it, one counts nanoseconds and is not there on every machine. */
function cpuTimeOf(task: string): number {
  const [nanoseconds] = readText(`${task}/schedstat`).split(" ");
  if (nanoseconds !== undefined && nanoseconds !== "") return Number(nanoseconds) / 1e6;
  const fields = statFields(`${task}/stat`);
  return (Number(fields[11]) + Number(fields[12])) * MS_A_TICK;
}

/** USER_HZ is 100 on every machine that we run on. */
const MS_A_TICK = 10;

/** The fields of a stat file from the third on: the second, the name, may contain anything. */
function statFields(path: string): readonly string[] {
  const text = readText(path);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
