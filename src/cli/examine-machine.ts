/* What daemonsup needs of the kernel and of the machine, as /proc and /sys tell it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { isKernelBefore, OLDEST_KERNEL, parseKernelRelease } from "../core/kernel-release.ts";
import { type Finding, fine } from "./finding.ts";

/** Where to look; `root` is "/" but in tests. */
export interface Machine {
  readonly root: string;
  readonly uid: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** When this program was built, in milliseconds since 1970: no clock is earlier. */
  readonly built: number;
}

/** From here on an exit status is told also of processes that are not our children. */
const KERNEL_WITH_PIDFD_INFO = [6, 15] as const;
/** A number is used again after so many processes: with few, within seconds. */
const FEW_PIDS = 32_768;
const FEW_DESCRIPTORS = 4_000;

export function examineMachine(machine: Machine): readonly Finding[] {
  return [
    kernel(machine),
    processes(machine),
    descriptors(machine),
    pidNumbers(machine),
    cgroups(machine),
    syslog(machine),
    clock(machine),
    memory(machine),
  ];
}

function kernel({ root }: Machine): Finding {
  const release = textOf(root, "proc/sys/kernel/osrelease")?.trim() ?? "";
  const numbers = parseKernelRelease(release);
  if (numbers === null)
    return { about: "kernel", level: "warning", found: "its release cannot be read", mend: "mount /proc" };
  if (isKernelBefore(numbers, OLDEST_KERNEL)) {
    const mend = `use Linux ${OLDEST_KERNEL.join(".")} or later`;
    return { about: "kernel", level: "problem", found: `Linux ${release} lacks system calls that are needed`, mend };
  }
  const isMute = isKernelBefore(numbers, KERNEL_WITH_PIDFD_INFO);
  const rest = isMute ? "; exit statuses of strangers' children are not told before 6.15" : "";
  return fine("kernel", `Linux ${release}${rest}`);
}

/** With hidepid, a user sees no processes but his own: what belongs to a service of another user is not found. */
function processes({ root, uid }: Machine): Finding {
  const mounts = textOf(root, "proc/self/mounts") ?? "";
  const proc = mounts.split("\n").find((line) => / \/proc proc /.test(line));
  if (proc === undefined)
    return { about: "processes", level: "problem", found: "/proc is not mounted", mend: "mount -t proc proc /proc" };
  const isHidden = /hidepid=(?!0|off)/.test(proc) && uid !== 0;
  if (!isHidden) return fine("processes", "/proc shows them");
  const found = "/proc hides those of other users (hidepid): what a service leaves as another user is not found";
  return {
    about: "processes",
    level: "warning",
    found,
    mend: "run the supervisor as root, or mount /proc without hidepid",
  };
}

/** Each service takes three descriptors, and a few more with sockets and notifications. */
function descriptors({ root }: Machine): Finding {
  const line = (textOf(root, "proc/self/limits") ?? "").split("\n").find((each) => each.startsWith("Max open files"));
  const hard = Number(/(\d+)\s+files/.exec(line ?? "")?.[1] ?? Number.NaN);
  if (Number.isNaN(hard)) return fine("descriptors", "no limit is told");
  const services = Math.floor(hard / 4);
  if (hard >= FEW_DESCRIPTORS) return fine("descriptors", `${hard}, enough for ${services} services`);
  const found = `at most ${hard}: enough for about ${services} services`;
  return {
    about: "descriptors",
    level: "note",
    found,
    mend: "raise the hard limit: ulimit -Hn, LimitNOFILE= in a unit",
  };
}

function pidNumbers({ root }: Machine): Finding {
  const most = Number(textOf(root, "proc/sys/kernel/pid_max") ?? Number.NaN);
  if (!(most <= FEW_PIDS)) return fine("pid numbers", Number.isNaN(most) ? "not told" : `up to ${most}`);
  const found = `up to ${most}: under many short processes a number comes back within seconds, to programs that keep numbers in files`;
  return { about: "pid numbers", level: "note", found, mend: "sysctl -w kernel.pid_max=4194304" };
}

function cgroups({ root }: Machine): Finding {
  const isUnified = existsSync(`${root}sys/fs/cgroup/cgroup.controllers`);
  const words = isUnified ? "version 2" : existsSync(`${root}sys/fs/cgroup`) ? "version 1 or mixed" : "none";
  return fine("cgroups", `${words}; not used: what belongs to a service is told by sessions and descent`);
}

function syslog({ root }: Machine): Finding {
  const path = `${root}dev/log`;
  const isBound = (textOf(root, "proc/net/unix") ?? "")
    .split("\n")
    .some((line) => /\s(\/dev\/log|\/run\/systemd\/journal\/dev-log)$/.test(line));
  if (existsSync(path) && statSync(path).isSocket() && isBound) return fine("syslog", "a daemon listens on /dev/log");
  const found = existsSync(path)
    ? "/dev/log is there, but nobody listens: messages go to the supervisor's own log alone"
    : "no daemon listens on /dev/log: messages go to the supervisor's own log alone";
  return { about: "syslog", level: "note", found, mend: "install rsyslog, or another syslog daemon" };
}

/** Schedules follow the wall clock. */
function clock({ root, now, built }: Machine): Finding {
  const shown = new Date(now).toISOString().slice(0, 16).replace("T", " ");
  if (now < built) {
    const found = `it says ${shown} UTC, which is before this program was made: schedules run at wrong times`;
    return { about: "clock", level: "problem", found, mend: "set the clock, and keep it right with an NTP client" };
  }
  const zone = existsSync(`${root}etc/localtime`) ? "" : "; no time zone is set (/etc/localtime): it is UTC";
  return fine("clock", `${shown} UTC${zone}`);
}

function memory({ root }: Machine): Finding {
  const text = textOf(root, "proc/meminfo") ?? "";
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
  const [available, total] = [kib("MemAvailable"), kib("MemTotal")];
  if (Number.isNaN(available) || Number.isNaN(total)) return fine("memory", "not told");
  const share = Math.round((available / total) * 100);
  const found = `${share} % of ${Math.round(total / 1024)} MiB are available`;
  if (share >= 5) return fine("memory", found);
  const mend = "find who takes it (daemonsup status shows the memory of each service)";
  return { about: "memory", level: "warning", found: `${found}: the kernel may soon kill something`, mend };
}

function textOf(root: string, path: string): string | null {
  try {
    return readFileSync(`${root}${path}`, "utf8");
  } catch {
    return null;
  }
}
