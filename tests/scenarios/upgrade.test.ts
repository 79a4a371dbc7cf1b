/* One version takes the place of another under running services. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { VersionView } from "../../src/control/control-port.ts";
import { DatagramReceiver } from "../datagram-receiver.ts";
import { program, shell } from "./definitions.ts";
import { OtherVersion, putProgram, startProgram } from "./other-version.ts";
import { childrenOf } from "./process-facts.ts";
import { BINARY, TestPlace, TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const SERVICES = 50;
const WRITER = shell('i=0; while :; do i=$((i+1)); echo "number $i"; sleep 0.2; done');

let other: OtherVersion;
beforeAll(async () => {
  other = await OtherVersion.build("7.7.7");
}, 60_000);
afterAll(() => other[Symbol.dispose]());

async function versionOf(supervisor: TestSupervisor): Promise<VersionView> {
  return (await (await supervisor.request("GET", "/v1/version")).json()) as VersionView;
}

/** Waits until whoever has the pid file's number and its supervisor are of this version. */
async function untilVersion(supervisor: TestSupervisor, version: string): Promise<VersionView> {
  for (;;) {
    const seen = await versionOf(supervisor).catch(() => null);
    const isSettled = seen?.upgrade?.result !== "begun" && (seen?.guardian?.version ?? version) === version;
    if (seen?.version === version && isSettled) return seen;
    await Bun.sleep(5);
  }
}

async function pidsOf(supervisor: TestSupervisor): Promise<readonly (number | null)[]> {
  return (await supervisor.services()).map(({ pid }) => pid);
}

function writers(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`writer${index}.toml`, WRITER]));
}

/** Stops everything; every number must be in the log of each writer once, in order. */
async function expectWholeLogs(supervisor: TestSupervisor, count: number): Promise<void> {
  signalProcess(supervisor.place.supervisorPid(), "SIGTERM");
  await untilTrue(() => supervisor.place.supervisorPid() === null);
  for (let index = 0; index < count; index++) {
    const numbers = supervisor.place
      .read("log", `writer${index}.log`)
      .split("\n")
      .filter(Boolean)
      .map((line) => Number(line.slice(line.indexOf("number ") + 7)));
    expect(numbers).toEqual(numbers.map((_, position) => position + 1));
    expect(numbers.length).toBeGreaterThan(0);
  }
}

describe("an upgrade", () => {
  test("to another version and back restarts no service and loses no line", async () => {
    using place = new TestPlace(writers(SERVICES));
    const path = putProgram(place, "daemonsup", BINARY);
    await using first = await startProgram(place, path);
    const before = await pidsOf(first);
    putProgram(place, "daemonsup", other.path);

    const there = await first.command("upgrade", "--json");
    expect(there).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(there.stdout)).toMatchObject({
      result: "done",
      upgrade: { from: await ownVersion(), to: "7.7.7", binary: path, result: "done", message: null },
    });
    expect((await first.command("doctor")).stdout).toContain("the supervisor is 7.7.7, this program");
    expect((await first.command("status")).stdout).toMatch(
      /\nsupervisor 7\.7\.7: started \S.*, replaced 1 time, last .*, upgraded (now|\S.* ago)\n$/,
    );
    const seen = await versionOf(first);
    expect(seen.version_since > seen.daemon_since).toBe(true);
    await first.told(({ event, message }) => event === "upgrade" && message?.includes("to version 7.7.7") === true);
    expect(seen).toMatchObject({ version: "7.7.7", binary: path, guardian: { version: "7.7.7", pid: first.pid } });
    for (const pid of [first.pid, seen.pid]) expect(readlinkSync(`/proc/${pid}/exe`)).toBe(path);
    expect(await pidsOf(first)).toEqual(before);

    putProgram(place, "daemonsup", BINARY);
    signalProcess(first.pid, "SIGUSR2");
    const back = await untilVersion(first, await ownVersion());
    for (const pid of [first.pid, back.pid]) expect(readlinkSync(`/proc/${pid}/exe`)).toBe(path);
    expect(await pidsOf(first)).toEqual(before);
    expect((await first.services()).map(({ restarts }) => restarts)).toEqual(before.map(() => 0));
    expect((await first.command("history")).stdout).toContain("upgraded from version 7.7.7");
    await expectWholeLogs(first, SERVICES);
  }, 90_000);

  test("without a guardian happens in place, under the same number", async () => {
    using place = new TestPlace(writers(3));
    await using first = await startProgram(place, BINARY, { args: ["--no-guardian"] });
    const before = await pidsOf(first);
    expect(await first.command("upgrade", "--binary", other.path)).toMatchObject({ code: 0, stderr: "" });
    expect(await versionOf(first)).toMatchObject({ version: "7.7.7", pid: first.pid, guardian: null });
    expect(readlinkSync(`/proc/${first.pid}/exe`)).toBe(other.path);
    expect(await pidsOf(first)).toEqual(before);
    await expectWholeLogs(first, 3);
  });

  test("goes on where somebody has stopped the guardian, which is woken", async () => {
    await using first = await TestSupervisor.start({ "sleeper.toml": program(["sleep", "1000"]) });
    const before = await pidsOf(first);
    signalProcess(first.pid, "SIGSTOP");
    expect(await first.command("upgrade", "--binary", other.path)).toMatchObject({ code: 0, stderr: "" });
    expect(await versionOf(first)).toMatchObject({ version: "7.7.7", guardian: { version: "7.7.7", pid: first.pid } });
    expect(await pidsOf(first)).toEqual(before);
  });

  test("leaves a guardian that still does what a guardian is for, from a file that was deleted", async () => {
    using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
    const path = putProgram(place, "new", other.path);
    await using first = await startProgram(place, BINARY);
    expect((await first.command("upgrade", "--binary", path)).code).toBe(0);
    rmSync(path);
    const before = await pidsOf(first);
    const { pid } = await versionOf(first);
    signalProcess(pid, "SIGKILL");
    await untilTrue(() => childrenOf(first.pid).some((child) => child !== pid && place.isSupervisor(child)));
    expect(await untilVersion(first, "7.7.7")).toMatchObject({ guardian: { pid: first.pid } });
    expect(await pidsOf(first)).toEqual(before);
    signalProcess(first.pid, "SIGTERM");
    await untilTrue(() => place.marked().length === 0);
  });

  test("keeps signals that come meanwhile", async () => {
    await using first = await TestSupervisor.start({ "sleeper.toml": program(["sleep", "1000"]) });
    first.place.write("added.toml", program(["sleep", "1000"]));
    signalProcess(first.pid, "SIGUSR2");
    await untilTrue(() => first.place.ownLog().includes("makes room"));
    signalProcess(first.pid, "SIGHUP");
    await using next = await first.successor();
    await next.until("added", ({ state }) => state === "up").catch(() => null);
    await untilTrue(() => first.place.ownLog().includes("added: up"));
  });

  test("is told to a manager, which sees one main process throughout", async () => {
    using place = new TestPlace({ "sleeper.toml": program(["sleep", "1000"]) });
    const socket = join(place.directory, "manager.sock");
    using receiver = new DatagramReceiver(socket);
    const messages: string[] = [];
    const hear = (accept: () => boolean): Promise<void> =>
      untilTrue(() => {
        for (let bytes = receiver.read(); bytes !== null; bytes = receiver.read())
          messages.push(Buffer.from(bytes).toString());
        return accept();
      });
    const env = { ...process.env, NOTIFY_SOCKET: socket };
    const child = Bun.spawn([...place.startWords({ foreground: true })], { env, stdout: "ignore", stderr: "ignore" });
    await hear(() => messages.some((message) => message.startsWith("READY=1")));
    await using supervisor = await TestSupervisor.connect(place);
    expect((await supervisor.command("upgrade", "--binary", other.path)).code).toBe(0);
    await hear(() => messages.filter((message) => message.startsWith("READY=1")).length > 1);
    const kinds = messages.map((message) => message.slice(0, message.indexOf("=")));
    expect(kinds.indexOf("RELOADING")).toBeLessThan(kinds.lastIndexOf("READY"));
    expect(messages.at(-1)).toContain(`MAINPID=${child.pid}`);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });
});

async function ownVersion(): Promise<string> {
  return (JSON.parse(readFileSync(join(import.meta.dir, "../../package.json"), "utf8")) as { version: string }).version;
}
