/* Debian's rsyslogd as a service, with those that write to it. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { findRsyslog, isInstalled } from "../../tools/debian-programs.ts";
import { program } from "./definitions.ts";
import { chanceLoopbackAddress } from "./loopback-address.ts";
import { skipReason } from "./loud-skip.ts";
import { TestPlace, type TestSupervisor, signalProcess, untilTrue } from "./test-supervisor.ts";

const rsyslog = findRsyslog();
const cannotRun = skipReason("rsyslogd as a service", [
  [rsyslog !== null, "rsyslogd is neither installed nor unpacked (rsyslog)"],
  [isInstalled("logger"), "there is no logger (bsdutils)"],
]);

/** A place with rsyslogd as the service "log", and "writer", which sends one line to it once it is ready. */
class SyslogPlace {
  readonly place = new TestPlace({});
  readonly #address = chanceLoopbackAddress();

  constructor(more: string, args: readonly string[] = ["-n"]) {
    const input = `input(type="imtcp" address="${this.#address}" port="5140")`;
    const output = `action(type="omfile" file="${this.place.path("all.log")}" template="RSYSLOG_FileFormat")`;
    writeFileSync(this.place.path("rsyslog.conf"), `module(load="imtcp")\n${input}\n${output}\n`);
    const files = ["-f", this.place.path("rsyslog.conf"), "-i", this.place.path("rsyslogd.pid")];
    const libraries = rsyslog?.libraries ?? null;
    const modules = libraries === null ? [] : ["-M", `${libraries}/rsyslog`];
    const environment = libraries === null ? "" : `environment = { LD_LIBRARY_PATH = "${libraries}" }\n`;
    const words = [rsyslog?.program ?? "", ...args, ...files, ...modules];
    this.place.write("log.toml", program(words, environment + more.replaceAll("ADDRESS", this.#address)));
    const logger = ["logger", "--server", this.#address, "--port", "5140", "--tcp", "--rfc3164"];
    this.place.write(
      "writer.toml",
      program([...logger, "--tag", "writer", "at your service"], 'type = "oneshot"\nrequires = ["log"]'),
    );
  }

  /** Waits for another line of the writer in the file: no event tells of it. */
  async untilWritten(): Promise<void> {
    const file = this.place.path("all.log");
    await untilTrue(() => existsSync(file) && readFileSync(file, "utf8").includes("writer: at your service"));
  }
}

async function write(supervisor: TestSupervisor): Promise<void> {
  expect((await supervisor.command("run", "writer")).code).toBe(0);
}

describe.skipIf(cannotRun !== null)("rsyslogd", () => {
  const notify = "[ready]\nnotify = true";

  test.each([
    ["it says so", notify, ["-n"]],
    ["it accepts a connection", '[ready]\ntcp = "ADDRESS:5140"', ["-n"]],
    ["its pid file names it", 'type = "forking"\npid_file = "../rsyslogd.pid"', []],
  ])("is ready when %s: who requires it is heard at the first attempt", async (_, more, args) => {
    const syslog = new SyslogPlace(more, args);
    await using supervisor = await syslog.place.start();
    const { last_exit } = await supervisor.until("writer", (view) => view.state === "done" || view.state === "failed");
    expect(last_exit).toMatchObject({ code: 0 });
    await syslog.untilWritten();
    const { state, pid } = await supervisor.service("log");
    expect(state).toBe("up");
    expect(Number(syslog.place.read("rsyslogd.pid"))).toBe(pid ?? -1);
  });

  test("writes to a new file after a reload, in the same process", async () => {
    const syslog = new SyslogPlace(notify);
    await using supervisor = await syslog.place.start();
    await supervisor.until("writer", (view) => view.state === "done");
    await syslog.untilWritten();
    const { pid } = await supervisor.service("log");
    renameSync(syslog.place.path("all.log"), syslog.place.path("all.log.1"));
    expect((await supervisor.command("reload", "log")).code).toBe(0);
    // What it was told it does when it gets to it: until then it writes to the old file.
    for (let isNew = false; !isNew; isNew = existsSync(syslog.place.path("all.log"))) await write(supervisor);
    await syslog.untilWritten();
    expect(await supervisor.service("log")).toMatchObject({ state: "up", pid, restarts: 0 });
  });

  test("is there again after it was killed, and who writes to it is not started anew", async () => {
    const syslog = new SyslogPlace(notify);
    await using supervisor = await syslog.place.start();
    const before = await supervisor.until("writer", (view) => view.state === "done");
    signalProcess((await supervisor.service("log")).pid, "SIGKILL");
    await supervisor.until("log", (view) => view.state === "up" && view.restarts === 1);
    expect((await supervisor.service("writer")).last_exit).toEqual(before.last_exit);
    await write(supervisor);
  });
});
