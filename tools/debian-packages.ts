import { existsSync, rmSync, writeFileSync } from "node:fs";
import { runAloud } from "./run-command.ts";

interface Need {
  /** Debian's name of what is to be installed. */
  readonly packages: readonly string[];
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
    // Not rsyslog or busybox-syslogd: installed, they would take the place of the machine's own.
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
    packages: ["redis-server"],
    isThere: () => Bun.which("redis-server") !== null,
    reason: "a server that people run, saying that it is ready",
  },
];

/** Refuses every start of a daemon by a package's own scripts; asked by invoke-rc.d and deb-systemd-invoke. */
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY = "#!/bin/sh\nexit 101\n";

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
  if (mayInstall()) await install(missing.flatMap((need) => need.packages));
  for (const need of missing.filter((one) => !one.isThere())) {
    console.log(`MISSING: ${need.packages.join(", ")}. LEFT OUT are tests that need ${need.reason}.`);
  }
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && Bun.which("apt-get") !== null;
}

async function install(packages: readonly string[]): Promise<void> {
  console.log(`installing ${packages.join(", ")}`);
  const isOurs = !existsSync(POLICY_FILE);
  // An interrupt from the terminal reaches apt-get too, which ends; then the machine is left as it was found.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  if (isOurs) writeFileSync(POLICY_FILE, POLICY, { mode: 0o755 });
  try {
    await aptGet("update", "-qq");
    await aptGet("install", "-qq", "-y", "--no-install-recommends", ...packages);
  } finally {
    if (isOurs) rmSync(POLICY_FILE, { force: true });
    process.off("SIGINT", ignore);
  }
}

async function aptGet(...rest: readonly string[]): Promise<void> {
  const exitCode = await runAloud(["apt-get", ...rest], { DEBIAN_FRONTEND: "noninteractive" });
  if (exitCode !== 0) console.log(`cannot run "apt-get ${rest.join(" ")}": exit status ${exitCode}`);
}
