import type { Subprocess } from "bun";
import { describe, expect, test } from "bun:test";
import { devLogObstacle, linesOf, PrivateDevLog } from "../private-dev-log.ts";

/** The test program that sends through the real queue and the real Worker. */
class Sender implements AsyncDisposable {
  readonly #process: Subprocess<"pipe", "pipe", "inherit">;
  readonly #answers: AsyncGenerator<string>;

  constructor(devLog: PrivateDevLog) {
    const command = devLog.commandIn([process.execPath, `${import.meta.dir}/../programs/syslog-sender.ts`]);
    this.#process = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#answers = linesOf(this.#process.stdout);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get exited(): Promise<number> {
    return this.#process.exited;
  }

  async ask(command: string): Promise<string> {
    void this.#process.stdin.write(`${command}\n`);
    await this.#process.stdin.flush();
    const { value } = await this.#answers.next();
    return String(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}

describe.skipIf(devLogObstacle !== null)("the syslog Worker", () => {
  test("sends to a real daemon under facility, severity, name and pid", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await using sender = new Sender(devLog);
    await sender.ask("one notice up since ü 100%s%n");
    await sender.ask("one emerg last");
    expect(await daemon.waitFor(/last/)).toEndWith(` daemon.emerg daemonsup[${sender.pid}]: last`);
    expect(await daemon.waitFor(/up since/)).toEndWith(` daemon.notice daemonsup[${sender.pid}]: up since ü 100%s%n`);
  });

  test("a text with a newline is one message, and shows that there was one", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await using sender = new Sender(devLog);
    await sender.ask("one info first\\n<0>sshd[1]: forged");
    expect(await daemon.waitFor(/forged/)).toEndWith(`daemonsup[${sender.pid}]: first\\n<0>sshd[1]: forged`);
  });

  test("a thousand messages of one turn arrive, all of them and in order", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await using sender = new Sender(devLog);
    await sender.ask("many 1000");
    await daemon.waitFor(/number 1000\./);
    expect(numbersIn(daemon.lines)).toEqual(upTo(1000));
    expect(await sender.ask("outstanding")).toBe("0 0");
  });

  test("facility and level can be changed while it runs", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await using sender = new Sender(devLog);
    await sender.ask("one info before");
    await sender.ask("flush 60000");
    await sender.ask("facility");
    await sender.ask("one info too low");
    await sender.ask("one notice after");
    expect(await daemon.waitFor(/after/)).toContain(" local3.notice ");
    expect(await daemon.waitFor(/before/)).toContain(" daemon.info ");
    expect(daemon.lines.some((line) => line.includes("too low"))).toBe(false);
  });

  test("with a daemon that never reads, the main thread answers, what is too much is counted, and it can end", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await using sender = new Sender(devLog);
    daemon.pause();
    await sender.ask("many 3000");
    expect(await sender.ask("ping")).toBe("pong");
    const left = Number(await sender.ask("flush 1"));
    expect(left).toBeGreaterThan(0);
    await sender.ask("many 3000");
    expect(await sender.ask("ping")).toBe("pong");
    expect(Number(await sender.ask("close 1"))).toBeGreaterThan(0);
    expect(await sender.exited).toBe(0);
  });

  test("once the daemon reads again, everything that was kept arrives, and how much was dropped", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await using sender = new Sender(devLog);
    daemon.pause();
    await sender.ask("many 3000");
    expect(await sender.ask("outstanding")).toEndWith(" 2000");
    daemon.resume();
    expect(await daemon.waitFor(/dropped/)).toEndWith(
      ` daemon.warn daemonsup[${sender.pid}]: 2000 messages were dropped because syslog did not take them`,
    );
    expect(numbersIn(daemon.lines)).toEqual(upTo(1000));
    expect(await sender.ask("flush 60000")).toBe("0");
    expect(await sender.ask("outstanding")).toBe("0 0");
  });

  test("without a daemon nothing waits, and one that comes later gets what is sent from then on", async () => {
    await using devLog = await PrivateDevLog.open();
    await using sender = new Sender(devLog);
    await sender.ask("one info nobody hears this");
    expect(await sender.ask("flush 60000")).toBe("0");
    await using daemon = await devLog.startSyslogd();
    await sender.ask("one info somebody hears this");
    await daemon.waitFor(/somebody hears this/);
    expect(await sender.ask("close 60000")).toBe("0");
    expect(await sender.exited).toBe(0);
  });

  test("a daemon that was restarted is found again", async () => {
    await using devLog = await PrivateDevLog.open();
    await using sender = new Sender(devLog);
    {
      await using daemon = await devLog.startSyslogd();
      await sender.ask("one info to the first");
      await daemon.waitFor(/to the first/);
    }
    await using daemon = await devLog.startSyslogd();
    await sender.ask("one info to the second");
    await daemon.waitFor(/to the second/);
  });

  test("a Worker that ends is replaced, and messages go on", async () => {
    await using devLog = await PrivateDevLog.open();
    await using daemon = await devLog.startSyslogd();
    await using sender = new Sender(devLog);
    await sender.ask("one info from the first");
    await daemon.waitFor(/from the first/);
    await sender.ask("end-worker");
    await sender.ask("one info from the second");
    await daemon.waitFor(/from the second/);
    await sender.ask("many 500");
    await daemon.waitFor(/number 500\./);
    expect(numbersIn(daemon.lines)).toEqual(upTo(500));
  });
});

function numbersIn(lines: readonly string[]): number[] {
  return lines.flatMap((line) => {
    const number = /number (\d+)\./.exec(line)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
