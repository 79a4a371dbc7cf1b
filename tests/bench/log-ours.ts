/* One supervisor, and a service for each log that is to be written: rotation as it comes. */
import { join } from "node:path";
import { readdirSync, rmSync } from "node:fs";
import { OURS } from "./book.ts";
import type { Task } from "./contender.ts";
import type { Driver } from "./driver.ts";
import type { LogContender, LogJob, LogWork } from "./log-job.ts";
import { OurSupervisor } from "./our-supervisor.ts";
import { cpuTimeOfAll } from "./process-figures.ts";

/** A definition of a service that writes so much when it is asked to. */
export function writerDefinition({ writer, isStamped }: LogJob): string {
  const stamp = isStamped ? "iso" : "none";
  return `command = ${JSON.stringify(writer)}\ntype = "oneshot"\nstart = "manual"\nlog = { stamp = "${stamp}" }\n`;
}

/** daemonsup as one of those who write logs. */
export class OurLogger implements LogContender {
  readonly name = OURS;
  readonly canStamp = true;
  readonly #supervisor: OurSupervisor;

  constructor(binary: string, task: Task) {
    this.#supervisor = new OurSupervisor(binary, { ...task, count: 0 });
  }

  async prepare(jobs: readonly LogJob[], driver: Driver): Promise<void> {
    this.#supervisor.prepare();
    for (const job of jobs) this.#supervisor.write(`${job.name}.toml`, writerDefinition(job));
    await this.#supervisor.launch(driver);
  }

  async write({ name }: LogJob, driver: Driver): Promise<LogWork> {
    const { pid, processes, logDirectory } = this.#supervisor;
    const before = cpuTimeOfAll(processes);
    await driver.clear();
    const { began } = await driver.launch(this.#supervisor.client("start", name));
    const { first } = await driver.started(began);
    const ended = await driver.lastLine(join(logDirectory, `${name}.log`));
    const cpuMs = cpuTimeOfAll(processes) - before;
    removeFilesOf(logDirectory, `${name}.log`);
    // So that the space is free at once.
    process.kill(pid, "SIGUSR1");
    return { began: first, ended, cpuMs };
  }

  async end(driver: Driver): Promise<void> {
    await this.#supervisor.end(driver, this.#supervisor);
  }
}

function removeFilesOf(directory: string, name: string): void {
  for (const file of readdirSync(directory)) if (file.startsWith(name)) rmSync(join(directory, file));
}
