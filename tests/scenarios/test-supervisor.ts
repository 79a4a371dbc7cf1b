/*
 * The compiled binary in a temporary directory, watched through its own event stream. Nothing here sleeps: a test waits
 * for what it wants to see, and fails with everything that was seen instead when the test runner's time is up.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventView, ServiceView } from "../../src/core/service-view.ts";
import { jsonLinesOf } from "./json-lines.ts";
import { allPids } from "./proc.ts";

/** How soon a view is looked at again where no event tells of a change, in milliseconds. */
const LOOK_AGAIN_MS = 20;

export const BINARY = join(import.meta.dir, "../../dist/daemonsup");

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SupervisorOptions {
  /** Further words of the starting command line. */
  readonly args?: readonly string[];
  /** Added to the environment of the starting command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of the starting command, for example to enter a namespace. */
  readonly wrapper?: readonly string[];
  /** true: --foreground, as a child of this process. */
  readonly foreground?: boolean;
}

/** A directory with definitions, not started yet. Files are given by name: "web.toml" -> text. */
export class TestPlace {
  /** Those that have not been disposed of. */
  static readonly open = new Set<TestPlace>();
  readonly directory = mkdtempSync(join(tmpdir(), "ds-"));
  readonly config = join(this.directory, "services.d");
  readonly runtime = join(this.directory, "run");
  /** In the environment of every service started here, so that whatever is left of one is found. */
  readonly mark = `mark-${crypto.randomUUID()}`;

  constructor(files: Readonly<Record<string, string>>) {
    mkdirSync(this.config, { mode: 0o755 });
    this.write("daemonsup.toml", "");
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    TestPlace.open.add(this);
  }

  /** Writes a definition; every service gets the mark by way of [defaults] in daemonsup.toml. */
  write(name: string, text: string): void {
    const isSettings = name === "daemonsup.toml";
    const marked = isSettings ? `${text}\n[defaults.environment]\nTEST_MARK = "${this.mark}"\n` : text;
    writeFileSync(join(this.config, name), marked, { mode: 0o644 });
  }

  remove(name: string): void {
    rmSync(join(this.config, name));
  }

  /** A path below the temporary directory. */
  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.path(...parts), "utf8");
  }

  /** The supervisor's own log; empty as long as there is none. */
  ownLog(): string {
    return readOrEmpty(this.path("log", "daemonsup.log"));
  }

  /** Waits until the supervisor's own log has this. It is written a moment after what it tells of has been answered. */
  async logged(words: string | RegExp): Promise<void> {
    await untilTrue(() => (typeof words === "string" ? this.ownLog().includes(words) : words.test(this.ownLog())));
  }

  /** The words that start a supervisor here. */
  startWords(options: SupervisorOptions = {}): readonly string[] {
    const places = ["--runtime-dir", this.runtime, "--state-dir", this.path("state"), "--log-dir", this.path("log")];
    const mode = options.foreground === true ? ["--foreground"] : [];
    return [...(options.wrapper ?? []), BINARY, "--config", this.config, ...places, ...mode, ...(options.args ?? [])];
  }

  /** Runs the starting command until it returns. */
  async launch(options: SupervisorOptions = {}): Promise<CommandResult> {
    return await run(this.startWords(options), options.env);
  }

  async start(options: SupervisorOptions = {}): Promise<TestSupervisor> {
    const result = await this.launch(options);
    if (result.code !== 0)
      throw new Error(`the supervisor did not start (${result.code}): ${result.stdout}${result.stderr}`);
    return await TestSupervisor.connect(this);
  }

  /** Processes that carry the mark: services of this place and whatever came out of them. */
  marked(): readonly number[] {
    return allPids().filter((pid) =>
      readOrEmpty(`/proc/${pid}/environ`).split("\0").includes(`TEST_MARK=${this.mark}`),
    );
  }

  /** Kills what carries the mark. */
  killMarked(): void {
    this.marked().forEach(killIfAlive);
  }

  /** Waits until these and no others carry the mark: in the middle of its exec a process shows no environment for a moment. */
  async untilMarked(...pids: readonly (number | null)[]): Promise<void> {
    const wanted = pids.filter((pid) => pid !== null).toSorted((left, right) => left - right);
    await untilTrue(() =>
      Bun.deepEquals(
        [...this.marked()].toSorted((left, right) => left - right),
        wanted,
      ),
    );
  }

  /** The number in the pid file, or null: that of the guardian, if there is one. */
  supervisorPid(): number | null {
    const text = readOrEmpty(join(this.runtime, "supervisor.pid")).trim();
    return text === "" ? null : Number(text);
  }

  /** true if this is a supervisor of this place, and not one that has been given its number. */
  isSupervisor(pid: number): boolean {
    return readOrEmpty(`/proc/${pid}/cmdline`).startsWith(`daemonsup\0--config\0${this.config}\0`);
  }

  /** Guardian and supervisor of this place, and whoever they were in the middle of starting. */
  ours(): readonly number[] {
    return allPids().filter((pid) => this.isSupervisor(pid));
  }

  /** Ends what is left of a test, by pid, and removes the directory. */
  [Symbol.dispose](): void {
    TestPlace.open.delete(this);
    // Each of our own processes is started again by another one, until none is left.
    for (let left = this.ours(); left.length > 0; left = this.ours()) left.forEach(killIfAlive);
    this.killMarked();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** A running supervisor. */
export class TestSupervisor implements AsyncDisposable {
  readonly place: TestPlace;
  /** What the pid file says: of the guardian, or of the supervisor if there is none. */
  readonly pid: number;
  /** Of the process that supervises. */
  readonly supervisorPid: number;
  readonly events: EventView[] = [];
  readonly #stream: AbortController;
  #following: Promise<void> = Promise.resolve();
  readonly #watchers = new Set<() => void>();

  private constructor(place: TestPlace, pids: { pid: number; supervisorPid: number }, stream: AbortController) {
    this.place = place;
    this.pid = pids.pid;
    this.supervisorPid = pids.supervisorPid;
    this.#stream = stream;
  }

  static async start(
    files: Readonly<Record<string, string>>,
    options: SupervisorOptions = {},
  ): Promise<TestSupervisor> {
    const place = new TestPlace(files);
    try {
      return await place.start(options);
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Follows the events of the supervisor that runs in the place. `outside`: its number, where the pid file is of another pid
   * namespace and it has no guardian.
   */
  static async connect(place: TestPlace, outside: number | null = null): Promise<TestSupervisor> {
    const stream = new AbortController();
    const unix = join(place.runtime, "control.sock");
    const response = await fetch("http://daemonsup/v1/events", { unix, signal: stream.signal });
    const version = (await (await fetch("http://daemonsup/v1/version", { unix })).json()) as { readonly pid: number };
    // Only now: before it answers, the number of a guardian that has died may still be in the file.
    const pid = outside ?? place.supervisorPid();
    if (pid === null) throw new Error("there is no pid in the pid file");
    const supervisor = new TestSupervisor(place, { pid, supervisorPid: outside ?? version.pid }, stream);
    supervisor.#following = supervisor.#follow(response);
    return supervisor;
  }

  /** Follows the supervisor that comes after this one, as soon as that answers. */
  async successor(): Promise<TestSupervisor> {
    for (;;) {
      const found = await TestSupervisor.connect(this.place).catch(() => null);
      if (found !== null && found.supervisorPid !== this.supervisorPid) return found;
      if (found !== null) found.#stream.abort();
      await Bun.sleep(2);
    }
  }

  async #follow(response: Response): Promise<void> {
    try {
      for await (const events of jsonLinesOf<EventView>(response.body)) {
        this.events.push(...events);
        for (const look of [...this.#watchers]) look();
      }
    } catch {
      // The supervisor has ended, or the test has.
    }
    for (const look of [...this.#watchers]) look();
  }

  /** Runs a command of the command line against this supervisor. */
  async command(...words: readonly string[]): Promise<CommandResult> {
    return await run([BINARY, ...words], { DAEMONSUP_RUNTIME_DIR: this.place.runtime });
  }

  async request(method: string, path: string, body?: unknown): Promise<Response> {
    const unix = join(this.place.runtime, "control.sock");
    return await fetch(`http://daemonsup${path}`, {
      unix,
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async services(): Promise<readonly ServiceView[]> {
    return (await (await this.request("GET", "/v1/services")).json()) as readonly ServiceView[];
  }

  async service(name: string): Promise<ServiceView> {
    const found = (await this.services()).find((view) => view.name === name);
    if (found === undefined) throw new Error(`there is no service "${name}"`);
    return found;
  }

  /**
   * Waits until the service's view satisfies the test. Looks again after each event, and every now and then without one: of a
   * message, of what a check finds and of the next time of a schedule no event tells.
   */
  async until(name: string, accept: (view: ServiceView) => boolean): Promise<ServiceView> {
    for (;;) {
      const seen = this.events.length;
      const view = await this.service(name);
      if (accept(view)) return view;
      await this.#changeAfter(seen, LOOK_AGAIN_MS);
    }
  }

  /** Waits for an event, past or to come. */
  async event(accept: (event: EventView) => boolean): Promise<EventView> {
    for (;;) {
      const seen = this.events.length;
      const found = this.events.find(accept);
      if (found !== undefined) return found;
      await this.#changeAfter(seen);
    }
  }

  /** Waits for an event that this supervisor has told since it began, or will. */
  async told(accept: (event: EventView) => boolean): Promise<EventView> {
    const { body } = await this.request("GET", "/v1/events?after=oldest");
    for await (const events of jsonLinesOf<EventView>(body)) {
      const found = events.find(accept);
      if (found !== undefined) return found;
    }
    throw new Error("the events ended before what was waited for");
  }

  /** Waits for a line of the service's output, past or to come. */
  async line(service: string, accept: (text: string) => boolean): Promise<string> {
    return (await this.lines(service, (texts) => texts.some(accept))).find(accept) ?? "";
  }

  /** Follows the service's output from its beginning (or the last 10,000 lines) until all of it together is accepted. */
  async lines(service: string, accept: (texts: readonly string[]) => boolean): Promise<readonly string[]> {
    const texts: string[] = [];
    const path = `/v1/services/${encodeURIComponent(service)}/logs?follow=true&lines=10000`;
    for await (const lines of jsonLinesOf<{ readonly text: string }>((await this.request("GET", path)).body)) {
      texts.push(...lines.map(({ text }) => text));
      if (accept(texts)) return texts;
    }
    throw new Error(`the output of "${service}" ended before what was waited for: ${JSON.stringify(texts.slice(-20))}`);
  }

  /** Resolves once there are more events than that, or after `most` milliseconds. */
  #changeAfter(seen: number, most: number | null = null): Promise<void> {
    return new Promise((resolve) => {
      const timer = most === null ? null : setTimeout(() => end(), most);
      const end = (): void => {
        if (timer !== null) clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      const look = (): void => {
        if (this.events.length > seen) end();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Signals the process of the pid file; SIGKILL goes to the supervisor as well, before either can replace the other. */
  kill(signal: NodeJS.Signals): void {
    if (signal === "SIGKILL" && this.pid !== this.supervisorPid) {
      signalProcess(this.pid, "SIGSTOP");
      signalProcess(this.supervisorPid, "SIGKILL");
    }
    signalProcess(this.pid, signal);
  }

  /** Waits until the supervisor's process is gone, and all that it has told is among the events. */
  async gone(): Promise<void> {
    await untilTrue(() => hasEnded(this.pid) && hasEnded(this.supervisorPid));
    await this.allTold();
  }

  /** Waits until all that a supervisor that has ended has told is among the events. */
  async allTold(): Promise<void> {
    await this.#following;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!hasEnded(this.pid) && this.place.isSupervisor(this.pid)) {
      process.kill(this.pid, "SIGQUIT");
      await this.gone();
    }
    this.#stream.abort();
    this.place[Symbol.dispose]();
  }
}

/** Runs a program to its end, with nothing on its standard input. */
export async function run(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const child = Bun.spawn([...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Signals one process. Throws for a number that stands for more than one (0: whoever runs the tests; -1: all there are). */
export function signalProcess(pid: number | null | undefined, signal: NodeJS.Signals): void {
  if (pid == null || pid <= 1) throw new RangeError(`cannot signal pid ${pid}: it is not one process`);
  process.kill(pid, signal);
}

/** For what no event tells, such as the end of a process that is not ours: looks again every few milliseconds. */
export async function untilTrue(accept: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await accept())) await Bun.sleep(5);
}

/** true also while pid 1 has not reaped it yet, which may take it a while. */
export function hasEnded(pid: number): boolean {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  if (text === "") return true;
  // The other threads of a killed process may take a moment longer, and hold its files and locks until then.
  return text.slice(text.lastIndexOf(")") + 2).startsWith("Z") && threadsOf(pid) <= 1;
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
