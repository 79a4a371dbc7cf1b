/* Programs that people run, and what they say through the real kernel; only the fleet is made of literals. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { millis } from "../src/core/units.ts";
import { makeNotifyKernel } from "../src/daemon-notify.ts";
import { EpollWaiter, addToEpoll, openEpoll, removeFromEpoll } from "../src/os/epoll.ts";
import { readProcess } from "../src/os/processes.ts";
import { type NotifyCompanions, makeNotifyCompanions } from "../src/supervisor/notify-companions.ts";
import { compileProgram } from "./compile-program.ts";
import type { DefinitionChanges } from "./core/literal-definition.ts";
import { skipReason } from "./scenarios/loud-skip.ts";
import { LiteralLife } from "./supervisor/literal-life.ts";

const client = compileProgram("systemd-client");
const redis = Bun.which("redis-server");
const systemdNotify = Bun.which("systemd-notify");
const hasLibrary = client !== null && Bun.spawnSync([client, "none"]).exitCode !== 77;
const withoutClient = skipReason("programs linked with libsystemd", [
  [client !== null, "there is no C compiler"],
  [hasLibrary, "there is no libsystemd.so.0"],
]);
const withoutNotify = skipReason("shell scripts that call systemd-notify", [[systemdNotify !== null, "there is none"]]);
const withoutRedis = skipReason("redis under a supervisor", [[redis !== null, "there is no redis-server"]]);

const NOTIFY: DefinitionChanges = {
  notifyAccess: "main",
  ready: { method: { tag: "notify" }, timeout: millis(5000), interval: millis(200) },
  descriptorStore: { max: 4, keep: "restart" },
};

/** A service whose process is a real one. */
class RealLife extends LiteralLife {
  readonly hearing: NotifyCompanions;
  readonly #epoll = openEpoll();
  readonly #waiter = new EpollWaiter(this.#epoll);
  readonly #watchers = new Map<number, () => void>();
  /** What its process has written so far. */
  said = "";
  child: Subprocess<"ignore", "pipe", "inherit"> | null = null;

  constructor(runtime: string, changes: DefinitionChanges) {
    super(changes);
    this.hearing = makeNotifyCompanions({
      ...this.ports,
      output: {
        watch: (fd, ready) => {
          this.#watchers.set(fd, ready);
          addToEpoll(this.#epoll, fd, true);
        },
        unwatch: (fd) => {
          this.#watchers.delete(fd);
          removeFromEpoll(this.#epoll, fd);
        },
      },
      kernel: makeNotifyKernel(runtime),
      processes: { row: readProcess, closeFd: closeSync },
      users: { findUser: () => null, ownUid: process.getuid?.() ?? 0 },
      isCommandOf: () => false,
      isMember: (_service, pid) => this.#isBelowMain(pid),
      mayBeMain: () => false,
      resetRestarts: () => {},
    });
    this.companions.push(...Object.values(this.hearing));
  }

  start(command: readonly string[], more: Readonly<Record<string, string>> = {}): number {
    const env: Record<string, string> = { ...more, PATH: process.env["PATH"] ?? "" };
    for (const companion of this.companions) {
      const equipment = companion.equip?.(this.definition, "run");
      if (typeof equipment === "string") throw new Error(equipment);
      Object.assign(env, equipment?.env);
    }
    this.child = Bun.spawn([...command], { env, stdin: "ignore", stdout: "pipe" });
    void this.#listen(this.child.stdout);
    this.starting("ready", this.child.pid);
    return this.child.pid;
  }

  /** Lets what is said be heard until that is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      for (const fd of this.#waiter.wait(20_000)) {
        const ready = this.#watchers.get(fd);
        this.#watchers.delete(fd);
        ready?.();
      }
      await Bun.sleep(0);
    }
  }

  async #listen(stdout: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stdout) this.said += Buffer.from(chunk).toString();
  }

  async end(): Promise<void> {
    this.child?.kill("SIGTERM");
    await this.child?.exited;
    for (const companion of this.companions) companion.close?.();
    closeSync(this.#epoll);
  }

  #isBelowMain(pid: number): boolean {
    for (let row = readProcess(pid); row !== null && row.parent > 1; row = readProcess(row.parent))
      if (row.parent === this.child?.pid) return true;
    return false;
  }
}

let directory: string;
let life: RealLife;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hearing-"));
});

afterEach(async () => {
  await life.end();
  rmSync(directory, { recursive: true });
});

function alive(changes: DefinitionChanges = {}): RealLife {
  life = new RealLife(directory, { ...NOTIFY, ...changes });
  return life;
}

describe.skipIf(withoutClient !== null)("a program linked with libsystemd", () => {
  test("says that it is ready, how it is, reloads and stops", async () => {
    const it = alive({ watchdog: { timeout: millis(30) } });
    const pid = it.start([client ?? "", "ready"]);
    await it.until(() => it.told.includes("web ready"));
    expect([it.record.status, it.told]).toEqual(["watched 1", ["web ready"]]);
    it.up(pid);
    process.kill(pid, "SIGHUP");
    await it.until(() => it.record.status === "reloaded");
    expect(it.reports.slice(-3)).toEqual([
      "info: web: reloading",
      "debug: web: says: reloaded",
      "info: web: its reload is complete",
    ]);
    process.kill(pid, "SIGTERM");
    await it.until(() => it.told.includes("web says-stopping"));
  });

  test("pings its watchdog again and again", async () => {
    const it = alive({ watchdog: { timeout: millis(30) } });
    const pings = pingsOf(it);
    const pid = it.start([client ?? "", "ready"]);
    await it.until(() => it.told.includes("web ready"));
    it.up(pid);
    await it.until(() => pings.length >= 3);
    expect(pings.slice(0, 3)).toEqual(["web", "web", "web"]);
  });

  test("waits behind a barrier until what it has said has been heard", async () => {
    const it = alive();
    it.start([client ?? "", "barrier"]);
    await it.until(() => it.said !== "");
    expect([it.said, it.told]).toEqual(["passed\n", ["web ready"]]);
  });

  test("has its descriptors stored", async () => {
    const it = alive();
    it.start([client ?? "", "store"]);
    await it.until(() => it.told.includes("web ready") && it.said !== "");
    expect(it.said).toBe("stored\n");
    const stored = it.hearing.store.storedFor("web");
    expect(stored.map(({ name, fd }) => [name, readFileSync(`/proc/self/fd/${fd}`, "utf8")])).toEqual([
      ["memory", "one"],
      ["memory", "two"],
    ]);
    it.down();
    expect(it.hearing.store.storedFor("web")).toEqual([]);
    expect(stored.some(({ fd }) => existsSync(`/proc/self/fd/${fd}`))).toBe(false);
  });
});

describe.skipIf(withoutNotify !== null)("a shell script that calls systemd-notify", () => {
  test("is ready when it says so, if all of its processes may speak for it", async () => {
    const it = alive({ notifyAccess: "all" });
    it.start(["sh", "-c", "systemd-notify --ready --status='from a script'; exec sleep 1000"]);
    await it.until(() => it.told.length > 0);
    expect([it.told, it.record.status]).toEqual([["web ready"], "from a script"]);
  });
});

describe.skipIf(withoutRedis !== null)("redis-server under a supervisor of systemd's manner", () => {
  test("says when it accepts connections, and when it ends", async () => {
    const it = alive();
    const words = ["--supervised", "systemd", "--port", "0", "--save", "", "--dir", directory];
    const pid = it.start([redis ?? "", ...words, "--unixsocket", join(directory, "redis.sock")]);
    await it.until(() => it.told.includes("web ready"));
    expect(it.record.status).toBe("Ready to accept connections");
    expect(existsSync(join(directory, "redis.sock"))).toBe(true);
    it.up(pid);
    process.kill(pid, "SIGTERM");
    await it.until(() => it.told.includes("web says-stopping"));
  });
});

describe("a process that has written a newline to the descriptor of its readiness", () => {
  test("is ready", async () => {
    const it = alive({
      notifyAccess: "none",
      ready: { method: { tag: "fd", fd: 3 }, timeout: millis(1), interval: millis(1) },
    });
    // The runtime cannot pass a descriptor as another number here: the shell opens the one that it is told of.
    const equipment = it.hearing.readyDescriptor.equip(it.definition);
    const [passed] = typeof equipment === "string" ? [] : equipment.descriptors;
    const path = `/proc/${process.pid}/fd/${passed?.fd}`;
    const child = Bun.spawn(["sh", "-c", `exec 3> ${path}; echo opened; printf booting >&3; read line; echo >&3`], {
      stdin: "pipe",
      stdout: "pipe",
    });
    await child.stdout.getReader().read();
    it.starting("ready", child.pid);
    it.hearing.readyDescriptor.began(it.definition, child.pid);
    expect(it.told).toEqual([]);
    await child.stdin.write("go\n");
    await child.stdin.flush();
    await it.until(() => it.told.length > 0);
    expect(it.told).toEqual(["web ready"]);
    await child.exited;
  });
});

/** Every ping that is heard of from now on. */
function pingsOf({ hearing: { watchdog } }: RealLife): string[] {
  const pings: string[] = [];
  const pinged = watchdog.pinged.bind(watchdog);
  watchdog.pinged = (service) => {
    pings.push(service);
    pinged(service);
  };
  return pings;
}
