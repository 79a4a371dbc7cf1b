import { describe, expect, test } from "bun:test";
import { PrivateDevLog, devLogObstacle } from "../private-dev-log.ts";
import { program, shell } from "./definitions.ts";
import { TestPlace, TestSupervisor, hasEnded } from "./test-supervisor.ts";

const SLEEP = program(["sleep", "1000"]);

describe.skipIf(devLogObstacle !== null)("a supervisor and syslog", () => {
  test("state changes, refusals and the end arrive under its name and pid, each at a fitting priority", async () => {
    await using devLog = await PrivateDevLog.open();
    await using syslogd = await devLog.startSyslogd();
    using place = new TestPlace({ "sleeper.toml": SLEEP, "crasher.toml": shell("exit 3", '[restart]\ndelay = "1h"') });
    await using supervisor = await place.start({ wrapper: devLog.commandIn([]) });
    const from = (priority: string, text: string): RegExp =>
      new RegExp(`daemon\\.${priority} daemonsup\\[${supervisor.supervisorPid}\\]: .*${text}`);
    await syslogd.waitFor(from("notice", "begins"));
    await syslogd.waitFor(from("notice", "sleeper.*up"));
    await syslogd.waitFor(from("warn(ing)?", "crasher.*backoff"));
    place.write("bad.toml", "command = 7\n");
    supervisor.kill("SIGHUP");
    await syslogd.waitFor(from("err", "bad\\.toml:1:"));
    supervisor.kill("SIGTERM");
    await syslogd.waitFor(from("notice", "shutting down"));
    // Said last of all: the supervisor waits until that has gone out.
    await syslogd.waitFor(from("notice", "ends with status 0"));
  });

  test("facility and level are those of its settings, also when a reload changes them", async () => {
    await using devLog = await PrivateDevLog.open();
    await using syslogd = await devLog.startSyslogd();
    using place = new TestPlace({ "sleeper.toml": SLEEP });
    place.write("daemonsup.toml", '[syslog]\nfacility = "local3"\nlevel = "warning"\n');
    await using supervisor = await place.start({ wrapper: devLog.commandIn([]) });
    place.write("bad.toml", "command = 7\n");
    supervisor.kill("SIGHUP");
    await syslogd.waitFor(/local3\.err daemonsup\[\d+\]: .*bad\.toml:1:/);
    place.remove("bad.toml");
    expect(syslogd.lines.filter((line) => /daemonsup\[.*(begins|up)/.test(line))).toEqual([]);
    place.write("daemonsup.toml", '[syslog]\nfacility = "local5"\nlevel = "info"\n');
    expect(await supervisor.command("reload")).toMatchObject({ code: 0 });
    expect(await supervisor.command("restart", "sleeper")).toMatchObject({ code: 0 });
    await syslogd.waitFor(/local5\.notice daemonsup\[\d+\]: .*sleeper.*up/);
  });

  test("the output of a service arrives under the service's name and pid, at the facility of its definition", async () => {
    await using devLog = await PrivateDevLog.open();
    await using syslogd = await devLog.startSyslogd();
    const script = "echo said; echo complained >&2; echo '<2>critical'; exec sleep 1000";
    await using supervisor = await TestSupervisor.start(
      {
        "only.toml": shell(script, '[log]\nto = ["syslog"]\nfacility = "local1"'),
        "both.toml": shell(script, '[log]\nto = ["file", "syslog"]'),
      },
      { wrapper: devLog.commandIn([]) },
    );
    const only = await supervisor.until("only", (view) => view.state === "up");
    const both = await supervisor.until("both", (view) => view.state === "up");
    await syslogd.waitFor(new RegExp(`local1\\.info only\\[${only.pid}\\]: said`));
    await syslogd.waitFor(new RegExp(`local1\\.err only\\[${only.pid}\\]: complained`));
    await syslogd.waitFor(new RegExp(`local1\\.crit only\\[${only.pid}\\]: critical`));
    await syslogd.waitFor(new RegExp(`daemon\\.info both\\[${both.pid}\\]: said`));
    await supervisor.line("both", (text) => text.endsWith("critical"));
    expect(supervisor.place.read("log", "both.log")).toContain("said");
    expect(() => supervisor.place.read("log", "only.log")).toThrow();
  });

  test("without a syslog daemon everything works and is in the log file", async () => {
    await using devLog = await PrivateDevLog.open();
    await using supervisor = await TestSupervisor.start(
      { "sleeper.toml": SLEEP, "talker.toml": shell("echo hello; exec sleep 1000", '[log]\nto = ["syslog", "file"]') },
      { wrapper: devLog.commandIn([]) },
    );
    await supervisor.line("talker", (text) => text.endsWith("hello"));
    expect(await supervisor.command("restart", "sleeper")).toMatchObject({ code: 0 });
    supervisor.kill("SIGTERM");
    await supervisor.gone();
    const log = supervisor.place.ownLog();
    for (const word of ["begins", "sleeper: up", "shutting down", "ends with status 0"]) expect(log).toContain(word);
  });

  test("with a syslog daemon that never reads it keeps answering, counts what is dropped, reports it later, and ends", async () => {
    await using devLog = await PrivateDevLog.open();
    await using syslogd = await devLog.startSyslogd();
    using place = new TestPlace({});
    place.write("daemonsup.toml", '[syslog]\nlevel = "debug"\n');
    for (let index = 0; index < 40; index++) place.write(`sleeper-${index}.toml`, SLEEP);
    place.write("talker.toml", shell("while :; do echo much; done", '[log]\nto = ["syslog"]'));
    await using supervisor = await place.start({ wrapper: devLog.commandIn([]) });
    await syslogd.waitFor(/daemonsup\[\d+\]: .*begins/);
    await syslogd.waitFor(/talker\[\d+\]: much/);
    syslogd.pause();
    // Each reload tells of every service to which SIGHUP is not relayed: far more than the socket and the queue hold.
    for (let round = 0; round < 50; round++) {
      const reply = await supervisor.request("POST", "/v1/reload", {});
      expect(reply.status).toBe(200);
    }
    expect(await supervisor.command("restart", "sleeper-7")).toMatchObject({ code: 0 });
    expect(await supervisor.command("status", "sleeper-7")).toMatchObject({ code: 0 });
    expect(await supervisor.service("talker")).toMatchObject({ state: "up", restarts: 0 });
    expect(await supervisor.command("stop", "talker")).toMatchObject({ code: 0 });
    syslogd.resume();
    await syslogd.waitFor(/daemonsup\[\d+\]: \d+ messages were dropped/);

    syslogd.pause();
    for (let round = 0; round < 10; round++) await supervisor.request("POST", "/v1/reload", {});
    supervisor.kill("SIGTERM");
    await supervisor.gone();
    expect(hasEnded(supervisor.pid)).toBe(true);
    expect(place.marked()).toEqual([]);
    syslogd.resume();
  });
});
