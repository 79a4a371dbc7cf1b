/**
 * A /dev/log of one's own for tests: a mount namespace in which /dev is a fresh directory with the usual devices and
 * nothing else, so that a syslog daemon in it, and every program run in it, has nothing to do with the machine's real
 * one or with another test's. syslog(3) has its path built in, so nothing less would do.
 *
 * It needs `unshare` and `nsenter` (util-linux), `busybox` (Debian package busybox, for its syslogd), and either root or
 * user namespaces for everybody. Where these are missing, `devLogObstacle` says so, and the tests skip.
 */
import type { Subprocess } from "bun";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The mount point is needed for a moment only: it keeps the real devices reachable while a new /dev is laid over them.
const MAKE_DEV = `
set -e
mount --rbind /dev "$1"
mount -t tmpfs -o mode=755 tmpfs /dev
for name in null zero full random urandom tty ptmx; do
  [ -e "$1/$name" ] || continue
  : > "/dev/$name"
  mount --bind "$1/$name" "/dev/$name"
done
for name in pts shm; do
  [ -d "$1/$name" ] || continue
  mkdir "/dev/$name"
  mount --rbind "$1/$name" "/dev/$name"
done
ln -s /proc/self/fd /dev/fd
for name in stdin:0 stdout:1 stderr:2; do
  ln -s "/proc/self/fd/\${name#*:}" "/dev/\${name%:*}"
done
umount -l "$1"
echo made
read -r _ || :
`;

// Its pid file goes to /run, so it gets one of its own as well.
const RUN_SYSLOGD = "mount -t tmpfs tmpfs /run && exec busybox syslogd -n -t -O -";

const isRoot = process.getuid?.() === 0;

/** Why there can be no private /dev/log here, or null. Said once on standard error, so that no test is skipped silently. */
export const devLogObstacle: string | null = obstacle();

if (devLogObstacle !== null) console.error(`SKIPPED: tests that need a /dev/log of their own: ${devLogObstacle}`);

/** A mount namespace with its own /dev. It ends when it is disposed of, and with the test process at the latest. */
export class PrivateDevLog implements AsyncDisposable {
  readonly #holder: Subprocess<"pipe", "pipe", "inherit">;
  readonly #mountPoint: string;

  private constructor(holder: Subprocess<"pipe", "pipe", "inherit">, mountPoint: string) {
    this.#holder = holder;
    this.#mountPoint = mountPoint;
  }

  static async open(): Promise<PrivateDevLog> {
    const mountPoint = mkdtempSync(join(tmpdir(), "dev-"));
    const holder = Bun.spawn(makingCommand(mountPoint), { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    for await (const line of linesOf(holder.stdout)) {
      if (line === "made") break;
    }
    return new PrivateDevLog(holder, mountPoint);
  }

  /** Where programs outside find what is /dev/log inside. */
  get socketPath(): string {
    return `/proc/${this.#holder.pid}/root/dev/log`;
  }

  /** The command that runs `command` inside, in the current directory. Its pid is that of the program itself. */
  commandIn(command: readonly string[]): string[] {
    const users = isRoot ? [] : ["--user", "--preserve-credentials"];
    return [
      "nsenter",
      `--target=${this.#holder.pid}`,
      "--mount",
      ...users,
      `--wdns=${process.cwd()}`,
      "--",
      ...command,
    ];
  }

  /** Starts a real syslog daemon inside; it listens on /dev/log when this returns. */
  async startSyslogd(): Promise<SyslogDaemon> {
    const command = this.commandIn(["unshare", "--mount", "sh", "-c", RUN_SYSLOGD]);
    const daemon = new SyslogDaemon(Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" }));
    await daemon.waitFor(/syslogd started/);
    return daemon;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.stdin.end();
    await this.#holder.exited;
    rmSync(this.#mountPoint, { recursive: true });
  }
}

/** A busybox syslogd that writes what it gets as `Mmm dd hh:mm:ss host facility.severity tag[pid]: text`. */
export class SyslogDaemon implements AsyncDisposable {
  /** What it has written so far. */
  readonly lines: string[] = [];
  readonly #process: Subprocess<"ignore", "pipe", "inherit">;
  #arrived = Promise.withResolvers<void>();

  constructor(daemon: Subprocess<"ignore", "pipe", "inherit">) {
    this.#process = daemon;
    void this.#read();
  }

  /** The first line that matches, once there is one. Throws if the daemon ends before that. */
  async waitFor(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await this.#arrived.promise;
    }
  }

  /** It stays bound to /dev/log but reads nothing any more. */
  pause(): void {
    this.#process.kill("SIGSTOP");
  }

  resume(): void {
    this.#process.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async #read(): Promise<void> {
    for await (const line of linesOf(this.#process.stdout)) {
      this.lines.push(line);
      const arrived = this.#arrived;
      this.#arrived = Promise.withResolvers();
      arrived.resolve();
    }
    this.#arrived.promise.catch(() => {});
    this.#arrived.reject(new Error(`syslogd has ended; its lines were:\n${this.lines.join("\n")}`));
  }
}

/** Lines of a program's output, as they arrive. */
export async function* linesOf(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = output.getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const pieces = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    yield* pieces;
  }
}

function makingCommand(mountPoint: string): string[] {
  const users = isRoot ? [] : ["--user", "--map-root-user"];
  return ["unshare", "--mount", ...users, "sh", "-c", MAKE_DEV, "sh", mountPoint];
}

function obstacle(): string | null {
  for (const program of ["unshare", "nsenter", "busybox"]) {
    if (Bun.which(program) === null) return `no program "${program}" (Debian: apt-get install busybox util-linux)`;
  }
  const mountPoint = mkdtempSync(join(tmpdir(), "dev-"));
  try {
    const { success, stderr } = Bun.spawnSync(makingCommand(mountPoint), { stdin: "ignore" });
    return success ? null : `cannot make a mount namespace: ${stderr.toString().trim()}`;
  } finally {
    rmSync(mountPoint, { recursive: true });
  }
}
