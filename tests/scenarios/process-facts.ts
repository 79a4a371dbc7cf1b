/* What /proc tells of a process. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { SIGNAL_NUMBERS, type SignalName } from "../../src/core/signal-names.ts";

export interface ProcessFacts {
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** 0: no controlling terminal. */
  readonly terminal: number;
}

export function factsOf(pid: number): ProcessFacts {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const end = text.lastIndexOf(")");
  const [parent, group, session, terminal] = text
    .slice(end + 2)
    .split(" ")
    .slice(1, 5)
    .map(Number);
  const name = text.slice(text.indexOf("(") + 1, end);
  return { name, parent: parent ?? -1, group: group ?? -1, session: session ?? -1, terminal: terminal ?? -1 };
}

/** A line of /proc/PID/status, without its title. */
export function statusLineOf(pid: number, title: string): string {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const line = text.split("\n").find((one) => one.startsWith(`${title}:`));
  if (line === undefined) throw new Error(`there is no "${title}" in the status of pid ${pid}`);
  return line.slice(title.length + 1).trim();
}

/** The signals of a mask such as SigIgn, by name; those without a name in our table by number. */
export function signalsOf(pid: number, mask: "SigBlk" | "SigIgn" | "SigCgt" | "SigPnd" | "ShdPnd"): readonly string[] {
  const bits = BigInt(`0x${statusLineOf(pid, mask)}`);
  const names = new Map<number, string>(
    (Object.keys(SIGNAL_NUMBERS) as SignalName[]).map((name) => [SIGNAL_NUMBERS[name], name]),
  );
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
  return numbers
    .filter((number) => ((bits >> BigInt(number - 1)) & 1n) === 1n)
    .map((number) => names.get(number) ?? String(number));
}

/** What each descriptor of a process leads to; one that is closed at this moment is left out. */
export function descriptorsOf(pid: number): ReadonlyMap<number, string> {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => [Number(fd), targetOf(`/proc/${pid}/fd/${fd}`)] as const);
  return new Map(targets.flatMap(([fd, target]): [number, string][] => (target === null ? [] : [[fd, target]])));
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

/** The environment that a process was started with. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, "utf8")
    .split("\0")
    .filter((entry) => entry !== "");
  return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]));
}

/** The processes whose parent is this one, of all its threads; of a thread that ends at this moment there are none. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    textIfThere(`/proc/${pid}/task/${thread}/children`)
      .split(" ")
      .filter((word) => word !== "")
      .map(Number),
  );
}

function textIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
