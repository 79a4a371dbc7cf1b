/* supervisord with a program for each log that is to be written. It has no stamps. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SIGNALS } from "./contender.ts";
import type { Driver } from "./driver.ts";
import type { LogContender, LogJob, LogWork } from "./log-job.ts";
import { cpuTimeOfAll } from "./process-figures.ts";

const ROTATION = "stdout_logfile_maxbytes=10485760\nstdout_logfile_backups=5";

/** null, with a word on standard error, where it is not installed. */
export function supervisordLogger(directory: string): LogContender | null {
  const [daemon, client] = [Bun.which("supervisord"), Bun.which("supervisorctl")];
  if (daemon !== null && client !== null) return new Supervisord(join(directory, "supervisord"), { daemon, client });
  console.error('SKIPPED: logs of supervisord, because there is no "supervisord" here');
  return null;
}

class Supervisord implements LogContender {
  readonly name = "supervisord";
  readonly canStamp = false;
  readonly #place: string;
  readonly #programs: { readonly daemon: string; readonly client: string };
  #pid = 0;

  constructor(place: string, programs: { readonly daemon: string; readonly client: string }) {
    this.#place = place;
    this.#programs = programs;
  }

  async prepare(jobs: readonly LogJob[], driver: Driver): Promise<void> {
    mkdirSync(this.#place);
    writeFileSync(this.#configuration, [this.#common(), ...jobs.map((job) => this.#section(job))].join("\n"));
    const { pid } = await driver.launch([this.#programs.daemon, "-n", "-c", this.#configuration]);
    this.#pid = pid;
    // It answers once it has started.
    for (let round = 0; round < 100; round++) {
      const { status } = await driver.run([this.#programs.client, "-c", this.#configuration, "pid"]);
      if (status === 0) return;
    }
    throw new Error("cannot start supervisord: it does not answer");
  }

  async write({ name }: LogJob, driver: Driver): Promise<LogWork> {
    await driver.clear();
    const before = cpuTimeOfAll([this.#pid]);
    const { began } = await driver.launch([this.#programs.client, "-c", this.#configuration, "start", name]);
    const { first } = await driver.started(began);
    const ended = await driver.lastLine(this.#file(name));
    const cpuMs = cpuTimeOfAll([this.#pid]) - before;
    for (const more of ["", ".1", ".2", ".3", ".4", ".5"]) rmSync(`${this.#file(name)}${more}`, { force: true });
    return { began: first, ended, cpuMs };
  }

  async end(driver: Driver): Promise<void> {
    await driver.end(this.#pid, SIGNALS.SIGTERM);
    rmSync(this.#place, { recursive: true });
  }

  get #configuration(): string {
    return join(this.#place, "supervisord.conf");
  }

  #file(name: string): string {
    return join(this.#place, `${name}.log`);
  }

  #common(): string {
    const socket = join(this.#place, "socket");
    return `[supervisord]
logfile=${join(this.#place, "own.log")}
pidfile=${join(this.#place, "pid")}
childlogdir=${this.#place}
[unix_http_server]
file=${socket}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${socket}
`;
  }

  #section({ name, writer }: LogJob): string {
    const life = "autostart=false\nautorestart=false\nstartsecs=0";
    return `[program:${name}]\ncommand=${writer.join(" ")}\n${life}\nstdout_logfile=${this.#file(name)}\n${ROTATION}\n`;
  }
}
