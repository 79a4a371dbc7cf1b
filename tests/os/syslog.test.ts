import { describe, expect, test } from "bun:test";
import { SYSLOG_FACILITIES, SYSLOG_SEVERITIES } from "../../src/core/log-policy.ts";
import { devLogObstacle, PrivateDevLog, type SyslogDaemon } from "../private-dev-log.ts";

interface Ran {
  readonly pid: number;
  readonly stderr: string;
}

/** Runs a script that has the functions of the room at hand, beside the given daemon. */
async function run(devLog: PrivateDevLog, script: string): Promise<Ran> {
  const source = `import * as os from ${JSON.stringify(`${import.meta.dir}/../../src/os/syslog.ts`)}; ${script}`;
  const command = devLog.commandIn([process.execPath, "--eval", source]);
  const program = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const stderr = await program.stderr.text();
  await program.exited;
  return { pid: program.pid, stderr };
}

async function linesUntilEnd(daemon: SyslogDaemon): Promise<readonly string[]> {
  await daemon.waitFor(/the end/);
  return daemon.lines.slice(1);
}

describe.skipIf(devLogObstacle !== null)("syslog(3)", () => {
  test("every facility and every severity arrives as itself", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await run(
      devLog,
      `for (const facility of ${JSON.stringify(Object.keys(SYSLOG_FACILITIES))}) {
         os.openSyslog({ ident: "test", facility, options: [] });
         for (const severity of ${JSON.stringify(SYSLOG_SEVERITIES)}) os.writeSyslog(severity, facility + " " + severity);
       }
       os.writeSyslog("info", "the end");`,
    );
    // The daemon has its own short names for two of them.
    const shown = (word: string): string => ({ err: "err", warning: "warn", emerg: "emerg" })[word] ?? word;
    const expected = Object.keys(SYSLOG_FACILITIES).flatMap((facility) =>
      SYSLOG_SEVERITIES.map((severity) => `${facility}.${shown(severity)} test: ${facility} ${severity}`),
    );
    const lines = await linesUntilEnd(daemon);
    expect(lines.slice(0, -1).map((line) => line.split(" ").slice(4).join(" "))).toEqual(expected);
  });

  test("the pid is ours and is left out if not asked for, and the name outlives a garbage collection", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    const { pid } = await run(
      devLog,
      `os.openSyslog({ ident: "a name of " + Math.floor(1.5) + " piece", facility: "daemon", options: ["pid", "ndelay"] });
       for (let i = 0; i < 50; i++) { new Uint8Array(1e6).fill(i); "x".repeat(1e5 + i); }
       Bun.gc(true);
       os.writeSyslog("info", "with a pid");
       os.closeSyslog();
       os.openSyslog({ ident: "test", facility: "daemon", options: [] });
       os.writeSyslog("info", "the end");`,
    );
    await linesUntilEnd(daemon);
    expect(await daemon.waitFor(/with a pid/)).toEndWith(`a name of 1 piece[${pid}]: with a pid`);
    expect(await daemon.waitFor(/the end/)).toEndWith(" test: the end");
  });

  test("text is never a format", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await run(
      devLog,
      `os.openSyslog({ ident: "test", facility: "daemon", options: [] });
       os.writeSyslog("info", "100%n %s %m ü €");
       os.writeSyslog("info", "the end");`,
    );
    await linesUntilEnd(daemon);
    expect(await daemon.waitFor(/100/)).toEndWith(" test: 100%n %s %m ü €");
  });

  test("what is below the limit is passed over", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await run(
      devLog,
      `os.openSyslog({ ident: "test", facility: "daemon", options: [] });
       os.limitSyslog("notice");
       for (const severity of ${JSON.stringify(SYSLOG_SEVERITIES)}) os.writeSyslog(severity, "at " + severity);
       os.writeSyslog("emerg", "the end");`,
    );
    const lines = await linesUntilEnd(daemon);
    expect(lines.filter((line) => line.includes("at ")).map((line) => line.split("at ")[1])).toEqual(
      SYSLOG_SEVERITIES.slice(0, SYSLOG_SEVERITIES.indexOf("notice") + 1),
    );
  });

  test("perror writes to standard error as well, with or without a daemon", async () => {
    await using devLog = await PrivateDevLog.open();
    const { stderr, pid } = await run(
      devLog,
      `os.openSyslog({ ident: "test", facility: "daemon", options: ["pid", "perror"] });
       os.writeSyslog("info", "for a person");`,
    );
    expect(stderr).toBe(`test[${pid}]: for a person\n`);
  });
});
