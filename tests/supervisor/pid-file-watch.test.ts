import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Belongings } from "../../src/supervisor/belongings.ts";
import { PidFileWatch } from "../../src/supervisor/pid-file-watch.ts";
import { LiteralMachine, OWN_PID } from "./literal-machine.ts";
import { LiteralTimers } from "./literal-timers.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-pid-file-"));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

/** A forking service whose starter (201) has left a daemon (210), beside another service that runs as 301. */
function forked() {
  const machine = new LiteralMachine();
  const timers = new LiteralTimers();
  const belongings = new Belongings(
    machine,
    (run) => timers.soon(run),
    () => {},
  );
  for (const [service, pid] of [
    ["web", 201],
    ["db", 301],
  ] as const) {
    const environment = { DAEMONSUP_SERVICE: service, INVOCATION_ID: service };
    machine.start(pid, { environment });
    belongings.began({ service, invocation: service, pid, pidfd: machine.openPidfd(pid) });
  }
  machine.start(210, { parent: 201 });
  machine.start(302, { parent: 301 });
  machine.start(900, { parent: 1 });
  machine.becomeZombie(201);
  belongings.mainEnded("web");
  machine.end(201);
  belongings.reaped(201);
  const named: string[] = [];
  const watch = new PidFileWatch({
    timers,
    pidIn: (file) => machine.pidIn(file),
    mayBeMain: (service, pid) => belongings.mayBeMain(service, pid),
    named: (service, pid) => void named.push(`${service} ${pid}`),
  });
  const path = join(directory, `web-${++files}.pid`);
  /** Lets it look a few times more. */
  const lookAgain = (): void => {
    for (let look = 0; look < 4; look++) {
      timers.turns();
      timers.fire();
    }
  };
  return { machine, timers, watch, named, path, lookAgain };
}

describe("a pid file", () => {
  test.each(["210\n", "210", "  210 \n", "210\n\n"])("that reads %j names the daemon", (text) => {
    const { watch, named, path, lookAgain } = forked();
    writeFileSync(path, text);
    watch.watch("web", path);
    lookAgain();
    expect(named).toEqual(["web 210"]);
  });

  test("is waited for until it is there", () => {
    const { watch, named, path, lookAgain } = forked();
    watch.watch("web", path);
    lookAgain();
    expect(named).toEqual([]);
    writeFileSync(path, "210\n");
    lookAgain();
    expect(named).toEqual(["web 210"]);
  });

  test.each([
    ["a process of nobody's", 900],
    ["another service's main process", 301],
    ["another service's child", 302],
    ["the supervisor", OWN_PID],
    ["pid 1", 1],
    ["the starter, which is gone", 201],
    ["nobody", 4_000],
    ["no number that a process can have", 9_999_999_999],
  ])("that names %s is not believed", (_whom, pid) => {
    const { watch, named, path, lookAgain } = forked();
    writeFileSync(path, `${pid}\n`);
    watch.watch("web", path);
    lookAgain();
    expect(named).toEqual([]);
  });

  test.each([
    "",
    "\n",
    "0",
    "-210",
    "+210",
    "0210",
    "210 211",
    "210x",
    "0xd2",
    "2.1e2",
    "٢١٠",
    "\0".repeat(10),
    "9".repeat(70),
  ])("that reads %j is not believed", (text) => {
    const { watch, named, path, lookAgain } = forked();
    writeFileSync(path, text);
    watch.watch("web", path);
    lookAgain();
    expect(named).toEqual([]);
  });

  test("that is a directory, or a link to nothing or to itself, is not believed, and waited for", () => {
    for (const make of [
      mkdirSync,
      (path: string) => symlinkSync("nowhere", path),
      (path: string) => symlinkSync(path, path),
    ]) {
      const { watch, named, path, lookAgain } = forked();
      make(path);
      watch.watch("web", path);
      lookAgain();
      rmSync(path, { recursive: true });
      writeFileSync(path, "210\n");
      lookAgain();
      expect(named).toEqual(["web 210"]);
    }
  });

  test("that is a FIFO or a device is not read: that could take for ever", () => {
    const { watch, named, path, lookAgain } = forked();
    Bun.spawnSync(["mkfifo", path]);
    watch.watch("web", path);
    lookAgain();
    watch.watch("web", "/dev/zero");
    lookAgain();
    expect(named).toEqual([]);
  });

  test("that is huge is read no further than a number reaches", () => {
    const { watch, named, path, lookAgain } = forked();
    writeFileSync(path, `210\n${" ".repeat(1_000_000)}`);
    watch.watch("web", path);
    lookAgain();
    expect(named).toEqual(["web 210"]);
  });

  test("of an earlier run is believed only once it names a process of this one", () => {
    const { watch, named, path, lookAgain } = forked();
    writeFileSync(path, "900\n");
    watch.watch("web", path);
    lookAgain();
    writeFileSync(path, "210\n");
    lookAgain();
    expect(named).toEqual(["web 210"]);
  });

  test("is not looked at any more once it has named the process, or nobody waits for it", () => {
    const { timers, watch, named, path, lookAgain } = forked();
    writeFileSync(path, "210\n");
    watch.watch("web", path);
    watch.unwatch("web");
    lookAgain();
    expect(named).toEqual([]);
    watch.watch("web", path);
    lookAgain();
    expect([named, timers.waiting]).toEqual([["web 210"], []]);
  });

  test("is looked at ever less often, and at least four times a second", () => {
    const { timers, watch, path } = forked();
    watch.watch("web", path);
    timers.turns();
    const waits = Array.from({ length: 9 }, () => {
      const [wait] = timers.waiting;
      timers.fire();
      return wait;
    });
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 250, 250, 250]);
  });
});
