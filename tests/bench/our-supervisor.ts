import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, type Running, SIGNALS, type Task, serviceName } from "./contender.ts";
import { type Driver, millisOf } from "./driver.ts";

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
    const places = ["--runtime-dir", join(directory, "run"), "--state-dir", join(directory, "state")];
    const words = ["--config", join(directory, "services.d"), ...places, "--log-dir", this.logDirectory];
    const { began, status } = await driver.run([this.#binary, ...words]);
    if (status !== 0) throw new Error(`cannot start daemonsup: it ended with status ${status}`);
    return began;
  }

  get pid(): number {
    return Number(readFileSync(join(this.#task.directory, "run", "supervisor.pid"), "utf8"));
  }

  /** The words of a client command for this supervisor. */
  client(...words: readonly string[]): readonly string[] {
    return [this.#binary, ...words, "--runtime-dir", join(this.#task.directory, "run")];
  }

  async end(driver: Driver, running: Pick<Running, "pid">): Promise<number> {
    return millisOf(await driver.end(running.pid, SIGNALS.SIGTERM));
  }
}
