/* A /dev/log of the trial's own, and somebody who writes down each message that comes there. */
import { untilTrue } from "../scenarios/test-supervisor.ts";
import { PrivateDevLog, devLogObstacle } from "../private-dev-log.ts";
import { existsSync } from "node:fs";

/** In a namespace of an ordinary user's everybody would be root. */
export const hasSyslog: boolean = process.getuid?.() === 0 && devLogObstacle === null;

export class SyslogReceiver implements AsyncDisposable {
  readonly #devLog: PrivateDevLog;
  readonly #child: Bun.Subprocess;

  private constructor(devLog: PrivateDevLog, child: Bun.Subprocess) {
    this.#devLog = devLog;
    this.#child = child;
  }

  /** `program`: the compiled service; `into`: the file. Resolves once it receives. */
  static async open(program: string, into: string): Promise<SyslogReceiver> {
    const devLog = await PrivateDevLog.open();
    const words = [program, "-", "receive=/dev/log", `into=${into}`];
    const child = Bun.spawn(devLog.commandIn(words), { stdio: ["ignore", "ignore", "inherit"] });
    await untilTrue(() => existsSync(devLog.socketPath));
    return new SyslogReceiver(devLog, child);
  }

  /** Put in front of a command whose messages are to come here. */
  get wrapper(): readonly string[] {
    return this.#devLog.commandIn([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    await this.#devLog[Symbol.asyncDispose]();
  }
}
