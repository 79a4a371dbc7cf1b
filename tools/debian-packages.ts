import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { findPostgres, findPromtool, findRsyslog, isInstalled, UNPACKED } from "./debian-programs.ts";
import { runAloud } from "./run-command.ts";

interface Need {
  /** Debian's name of what is to be installed. */
  readonly packages: readonly string[];
  /** true: they are unpacked into the project instead, as they would take the place of the machine's own. */
  readonly isUnpacked?: true;
  /** The daemon of the package: it is installed for the tests and not to be started with the machine. */
  readonly daemon?: string;
  readonly isThere: () => boolean;
  /** What the tests do with it; without it, these tests are left out. */
  readonly reason: string;
}

/** What the tests use beyond Bun. */
const NEEDS: readonly Need[] = [
  {
    packages: ["gcc", "libc6-dev"],
    isThere: () => Bun.which("cc") !== null && existsSync("/usr/include/stdio.h"),
    reason: "test programs in C: classic daemons, and children that misbehave",
  },
  {
    packages: ["util-linux", "mount"],
    isThere: () => ["unshare", "nsenter", "setpriv", "mount"].every((command) => Bun.which(command) !== null),
    reason: "namespaces with few process numbers or a /dev/log of their own, and other users",
  },
  {
    // Not busybox-syslogd: installed, it would take the place of the machine's own.
    packages: ["busybox"],
    isThere: () => Bun.which("busybox") !== null,
    reason: "a real syslog daemon",
  },
  {
    // Only its programs and its library are used: the machine's own first process stays what it is.
    packages: ["systemd", "libsystemd0"],
    isThere: () => Bun.which("systemd-notify") !== null,
    reason: "programs that say over systemd's protocol that they are ready: systemd-notify, and one with its library",
  },
  {
    packages: ["zsh", "fish"],
    isThere: () => Bun.which("zsh") !== null && Bun.which("fish") !== null,
    reason: "completion in shells other than bash",
  },
  {
    packages: ["cron"],
    daemon: "cron",
    isThere: () => Bun.which("crontab") !== null,
    reason: "crontabs",
  },
  {
    packages: ["man-db", "groff-base"],
    isThere: () => ["man", "lexgrog", "groff"].every((command) => Bun.which(command) !== null),
    reason: "manual pages as their readers see them",
  },
  {
    packages: ["tmux"],
    isThere: () => Bun.which("tmux") !== null,
    reason: "a terminal: what commands look like in one",
  },
  {
    packages: ["curl", "jq"],
    isThere: () => Bun.which("curl") !== null && Bun.which("jq") !== null,
    reason: "the examples of the interface as its readers type them",
  },
  {
    packages: ["redis-server"],
    daemon: "redis-server",
    isThere: () => isInstalled("redis-server"),
    reason: "a server that people run, saying that it is ready",
  },
  {
    packages: ["postgresql"],
    daemon: "postgresql",
    isThere: () => findPostgres() !== null,
    reason: "a database below the real stack",
  },
  {
    packages: ["nginx"],
    daemon: "nginx",
    isThere: () => isInstalled("nginx"),
    reason: "a proxy before the real stack",
  },
  {
    packages: ["rsyslog", "rsyslog-openssl", "libestr0", "libfastjson4", "liblognorm5"],
    isUnpacked: true,
    isThere: () => findRsyslog() !== null,
    reason: "rsyslogd as a service and as a server",
  },
  {
    // Only promtool is used; installed, there would be a server.
    packages: ["prometheus"],
    isUnpacked: true,
    isThere: () => findPromtool() !== null,
    reason: "the metrics as Prometheus reads them",
  },
  {
    packages: ["python3-prometheus-client"],
    isThere: () => existsSync("/usr/lib/python3/dist-packages/prometheus_client"),
    reason: "the metrics as the first parser of OpenMetrics reads them",
  },
];

/** Refuses every start of a daemon by a package's own scripts; asked by invoke-rc.d and deb-systemd-invoke. */
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY = "#!/bin/sh\nexit 101\n";

/** A mirror that stops answering ends it after a while, a slow one does not; another apt at work is waited for. */
const PATIENCE = ["-o", "Acquire::Retries=3", "-o", "Acquire::http::Timeout=60", "-o", "DPkg::Lock::Timeout=600"];

/** The words: a directory, then what downloads packages into it. */
const UNPACK = 'cd "$1"; shift; "$@"; for file in *.deb; do dpkg-deb -x "$file" .; rm "$file"; done';

/**
 * Installs what the tests need and this machine lacks, where there is apt-get and root. Anywhere else, or when
 * installing fails, it says what is missing and which tests are left out: the tests run without it.
 */
export async function installDebianPackages(): Promise<void> {
  const missing = NEEDS.filter((need) => !need.isThere());
  if (missing.length === 0) {
    console.log("system packages for the tests are installed");
    return;
  }
  await obtain(missing);
  for (const need of missing.filter((one) => !one.isThere())) {
    console.log(`MISSING: ${need.packages.join(", ")}. LEFT OUT are tests that need ${need.reason}.`);
  }
}

async function obtain(missing: readonly Need[]): Promise<void> {
  if (Bun.which("apt-get") === null) return;
  const toInstall = missing.filter((need) => need.isUnpacked !== true);
  if (isRoot() && toInstall.length > 0) await install(toInstall);
  for (const need of missing) if (need.isUnpacked === true) await unpack(need.packages);
}

async function install(needs: readonly Need[]): Promise<void> {
  console.log(`installing ${packagesOf(needs).join(", ")}; this takes some minutes where the network is slow`);
  const isOurs = !existsSync(POLICY_FILE);
  // An interrupt from the terminal reaches apt-get too, which ends; then the machine is left as it was found.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  if (isOurs) writeFileSync(POLICY_FILE, POLICY, { mode: 0o755 });
  try {
    // The package lists may do as they are: on a slow network to fetch them is half of the work.
    if ((await aptInstall(needs)) || ((await aptUpdate()) && (await aptInstall(needs)))) return;
    // One that this distribution does not have shall not keep out the others.
    for (const need of needs) if (!need.isThere()) await aptInstall([need]);
  } finally {
    if (isOurs) rmSync(POLICY_FILE, { force: true });
    for (const { daemon, isThere } of needs) if (daemon !== undefined && isThere()) await keepDown(daemon);
    process.off("SIGINT", ignore);
  }
}

/** As an ordinary user too, if the machine has package lists. */
async function unpack(packages: readonly string[]): Promise<void> {
  console.log(`unpacking ${packages.join(", ")} into ${UNPACKED}`);
  mkdirSync(UNPACKED, { recursive: true });
  if ((await unpackDownloaded(packages)) || (isRoot() && (await aptUpdate()) && (await unpackDownloaded(packages))))
    return;
  console.log(`cannot unpack ${packages.join(", ")}: see above`);
}

async function unpackDownloaded(packages: readonly string[]): Promise<boolean> {
  const download = ["apt-get", ...PATIENCE, "-o", "APT::Sandbox::User=root", "download", "-qq", ...packages];
  return (await runAloud(["sh", "-ec", UNPACK, "sh", UNPACKED, ...download])) === 0;
}

async function aptInstall(needs: readonly Need[]): Promise<boolean> {
  return await aptGet("install", "-qq", "-y", "--no-install-recommends", ...packagesOf(needs));
}

async function aptUpdate(): Promise<boolean> {
  return await aptGet("update", "-qq");
}

async function aptGet(...words: readonly string[]): Promise<boolean> {
  const exitCode = await runAloud(["apt-get", ...PATIENCE, ...words], { DEBIAN_FRONTEND: "noninteractive" });
  if (exitCode !== 0) console.log(`cannot run "apt-get ${words.join(" ")}": exit status ${exitCode}`);
  return exitCode === 0;
}

async function keepDown(daemon: string): Promise<void> {
  if (Bun.which("systemctl") !== null) await runAloud(["systemctl", "--quiet", "disable", daemon]);
}

function packagesOf(needs: readonly Need[]): readonly string[] {
  return needs.flatMap((need) => need.packages);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
