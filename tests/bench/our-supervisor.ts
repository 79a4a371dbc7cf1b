import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, type Running, SIGNALS, type Task, serviceName } from "./contender.ts";
import { type Driver, millisOf } from "./driver.ts";
import { treeOf } from "./process-figures.ts";

const SETTINGS = `# The first restart after a long run is immediate, so that what is measured is the restart and not the wait.
[defaults.restart]
delay = "0ms"
`;

/** daemonsup with one definition a service, everything else as it comes. */
export class OurSupervisor implements Contender {
  readonly name = "daemonsup";
  readonly #binary: string;
  readonly #task: Task;

  constructor(binary: string, task: Task) {
    this.#binary = binary;
    this.#task = task;
  }

  /** In memory, where those of /run are. */
  get runtimeDirectory(): string {
    return `${this.#task.stamps}.run`;
  }

  get logDirectory(): string {
    return join(this.#task.directory, "log");
  }

  /** `more`: what else stands in the definition of the service with this number. */
  prepare(more: (index: number) => string = () => ""): void {
    const { program, stamps, count } = this.#task;
    this.write("daemonsup.toml", SETTINGS);
    for (let index = 0; index < count; index++)
      this.write(`${serviceName(index)}.toml`, `command = ["${program}", "${stamps}", "${index}"]\n${more(index)}`);
  }

  /** A file of its configuration. */
  write(name: string, text: string): void {
    const directory = join(this.#task.directory, "services.d");
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    writeFileSync(join(directory, name), text, { mode: 0o644 });
  }

  async start(driver: Driver): Promise<Running> {
    await driver.clear();
    const began = await this.launch(driver);
    const { first, last } = await driver.started(began);
    return { pid: this.pid, began, first, last };
  }

  /** Runs the starting command to its end; returns when that began. */
  async launch(driver: Driver): Promise<number> {
    const { directory } = this.#task;
    const places = ["--runtime-dir", this.runtimeDirectory, "--state-dir", join(directory, "state")];
    const words = ["--config", join(directory, "services.d"), ...places, "--log-dir", this.logDirectory];
    const { began, status } = await driver.run([this.#binary, ...words]);
    if (status !== 0) throw new Error(`cannot start daemonsup: it ended with status ${status}`);
    return began;
  }

  /** Of the process that signals are sent to, and that ends last. */
  get pid(): number {
    return Number(readFileSync(join(this.runtimeDirectory, "supervisor.pid"), "utf8"));
  }

  /** That one and all others of its own: the guardian and the supervisor. */
  get processes(): readonly number[] {
    return treeOf(this.pid, (commandLine) => commandLine.startsWith("daemonsup\0"));
  }

  /** The words of a client command for this supervisor. */
  client(...words: readonly string[]): readonly string[] {
    return [this.#binary, ...words, "--runtime-dir", this.runtimeDirectory];
  }

  async end(driver: Driver, running: Pick<Running, "pid">): Promise<number> {
    return millisOf(await driver.end(running.pid, SIGNALS.SIGTERM));
  }
}
